"""How Sphinx builds the site; `docs/build.py` lays its pages together first."""

import math_in_pages

from klods import __version__

project = "klods"
author = "The klods authors"
copyright = "The klods authors"
version = release = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
exclude_patterns = ["api_*.py", "build.py", "conf.py", "generated.py", "math_in_pages.py"]
nitpicky = True
# Types in signatures are shown, not linked: most are aliases or other libraries'.
nitpick_ignore_regex = [("py:.*", ".*")]
default_role = "code"

html_theme = "furo"
html_title = "klods"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_static_path = ["static"]
html_css_files = ["klods.css"]

myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
myst_heading_anchors = 3

nb_custom_formats = {".py": ["jupytext.reads", {"fmt": "py:percent"}]}
nb_execution_mode = "force"
nb_execution_timeout = 120
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_merge_streams = True

autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_default_options = {"show-inheritance": True}
napoleon_use_rtype = False


def setup(app):
    """Add what Sphinx has no extension for."""
    math_in_pages.setup(app)
