"""The page of Keras's names: every hole and difference has a reason, no reason is stale, the page is up to date."""

from __future__ import annotations

import api_reasons
import api_table
import pytest
from beside import real

SECTIONS = dict(api_table.sections())


@pytest.mark.parametrize("owner", SECTIONS)
def test_every_hole_and_difference_has_a_reason(owner):
    assert [row.name for row in SECTIONS[owner] if row.why is None] == []


def test_every_reason_is_needed():
    gone = {owner: {row.name for row in rows if row.status == "no"} for owner, rows in SECTIONS.items()}
    for owner, reasons in api_reasons.MISSING.items():
        assert [name for names in reasons.values() for name in names.split() if name not in gone[owner]] == []
    differing = {f"{owner}.{row.name}" for owner, rows in SECTIONS.items() for row in rows if row.status != "no"}
    assert {*api_reasons.DIFFERENT, *api_reasons.HARMLESS} - differing == set()
    texts = " ".join(row.why for rows in SECTIONS.values() for row in rows if row.status == "differs")
    names = [name for names in api_reasons.ARGUMENTS.values() for name in names.split()]
    assert [name for name in names if f"`{name}`" not in texts] == []


def test_no_module_of_keras_is_passed_over():
    rooms = [
        name for name in api_table.public_names(real) if name != "src" and hasattr(getattr(real, name), "__path__")
    ]
    absent = {row.name for row in SECTIONS["keras"] if row.status == "no"}
    assert [name for name in rooms if name not in absent and f"keras.{name}" not in SECTIONS] == []


def test_the_page_is_up_to_date():
    assert api_table.PAGE.read_text(encoding="utf-8") == api_table.page(), "run python docs/api_table.py"
