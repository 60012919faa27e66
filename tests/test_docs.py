"""The documentation: each error has a page that shows it; pages worked out from the code say what it says."""

from __future__ import annotations

import inspect
import re
import warnings
from pathlib import Path

import page_of_blocks
import pages_of_names
import pytest

import klods
from klods import errors, keras
from klods.ops.block import BLOCKS

DOCS = Path(__file__).parents[1] / "docs"
KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if kind.__module__ == errors.__name__ and kind is not errors.KlodsError
]


def cells(kind) -> list[tuple[str, str]]:
    """Return the tags and the code of each cell on the page of an error."""
    text = (DOCS / f"{errors.page(kind)}.md").read_text(encoding="utf-8")
    return re.findall(r"```\{code-cell\}\n(?::tags: \[(.*?)\]\n\n)?(.*?)\n```", text, re.DOTALL)


# ---------------------------------------------------------------- errors


def test_each_error_has_a_page_and_no_page_is_left_over():
    names = {errors.page(kind).removeprefix("errors/") for kind in KINDS}
    assert names == {path.stem for path in (DOCS / "errors").glob("*.md")} - {"index"}
    assert names <= set((DOCS / "errors" / "index.md").read_text().split())


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_of_an_error_shows_it_and_then_the_way_out(kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (_, mistake), *mends = cells(kind)
    variables: dict[str, object] = {}
    if issubclass(kind, Warning):
        with pytest.warns(kind, match=f"Docs: {errors.page(kind)}$"):
            exec(mistake, variables)
    else:
        with pytest.raises(kind, match=f"Docs: {errors.page(kind)}$") as caught:
            exec(mistake, variables)
        assert type(caught.value) is kind
    assert mends
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _, mend in mends:
            exec(mend, variables)


def test_only_mistakes_are_allowed_to_raise():
    for kind in KINDS:
        tags = ["raises-exception" in tag for tag, _ in cells(kind)]
        assert tags[0] is not issubclass(kind, Warning)
        assert not any(tags[1:])


# ---------------------------------------------------------------- pages from the code


def test_the_page_of_blocks_has_each_block():
    page = page_of_blocks.page()
    for name in BLOCKS:
        assert page.count(f"(block-{name.replace('_', '-')})=") == 1


def test_the_page_of_blocks_says_what_the_records_say():
    product = page_of_blocks.read(BLOCKS["multiply"])
    assert product.gradients == ["`c * b`", "`c * a`"]
    assert product.body == "def multiply(x, y):\n    return x * y"
    assert page_of_blocks.readings("relu") == "naive, NumPy, loop"
    assert page_of_blocks.readings("softmax") == "naive, NumPy, as other blocks"
    assert page_of_blocks.readings("matmul") == "naive, NumPy, product"
    assert page_of_blocks.readings("transpose") == "naive, NumPy"
    assert not page_of_blocks.has_gradient(BLOCKS["floor"])
    assert page_of_blocks.has_gradient(BLOCKS["concatenate"])


def test_the_reference_has_each_public_name_once():
    text = "\n".join(pages_of_names.pages().values())
    described = re.findall(r"^\.\. (?:auto\w+|py:data):: (\S+)$", text, re.MULTILINE)
    assert len(described) == len(set(described))
    for module in (keras.layers, keras.losses, keras.optimizers, keras.callbacks, klods.nn):
        for name in module.__all__:
            if not inspect.ismodule(getattr(module, name)):
                assert f"{module.__name__}.{name}" in described or f"``{name}``" in text


def test_each_kind_with_methods_is_in_the_reference():
    text = "\n".join(pages_of_names.pages().values())
    for name in pages_of_names.WITH_METHODS:
        assert re.search(rf"\.{name}\n   :members:", text), name
