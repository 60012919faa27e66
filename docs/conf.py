"""How Sphinx builds the site; `docs/build.py` lays its pages together first."""

import inspect
import re
from html import unescape
from pathlib import Path

import math_in_pages
from docutils import nodes

from klods import __version__

project = "klods"
author = "The klods authors"
copyright = "The klods authors"
version = release = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
exclude_patterns = ["*.py"]
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
nb_execution_show_tb = True
nb_merge_streams = True
nb_render_error_lexer = "text"

autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_use_rtype = False


def setup(app):
    """Add what Sphinx has no extension for."""
    math_in_pages.setup(app)
    app.connect("doctree-read", name_lines)
    app.connect("doctree-resolved", describe_pictures)
    app.connect("autodoc-process-docstring", escape_bars)
    app.connect("autodoc-process-signature", constructor)


def name_lines(app, doctree):
    """Have warnings name the line of the cell, and not the file that the kernel keeps it in."""
    for block in doctree.findall(nodes.literal_block):
        text = re.sub(r"\S*/ipykernel_\d+/\d+\.py:(\d+): ", r"line \1: ", block.astext())
        if text != block.astext():
            block.rawsource = text
            block[:] = [nodes.Text(text)]


def describe_pictures(app, doctree, page):
    """Give pictures that code drew the words that they carry: a screen reader reads an image's, not those within."""
    for image in doctree.findall(nodes.image):
        path = Path(app.srcdir, image["uri"])
        if path.suffix == ".svg" and not image.get("alt"):
            parts = re.search(r"<title>(.*?)</title>\s*<desc>(.*?)</desc>", path.read_text(encoding="utf-8"), re.DOTALL)
            image["alt"] = unescape(f"{parts[1]}. {parts[2]}") if parts else ""


def escape_bars(app, what, name, thing, options, lines):
    """Have bars in docstrings mean absolute values, as they do there, rather than Sphinx's substitutions."""
    example = False
    for i, line in enumerate(lines):
        example = line.lstrip().startswith(">>>") or (example and line.strip() != "")
        if not example:
            lines[i] = re.sub(r"`[^`]*`|\|", lambda match: match[0] if len(match[0]) > 1 else r"\|", line)


def constructor(app, what, name, thing, options, signature, returns):
    """Show a class's constructor where `__new__` takes anything."""
    if what != "class" or not (signature or "").startswith("(*args"):
        return None
    parameters = [*inspect.signature(thing.__init__).parameters.values()][1:]
    plain = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in parameters]
    return str(inspect.Signature(plain)), None
