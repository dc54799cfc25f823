"""Coloured text: what is sent to the page, and that its script knows no markup."""

import re
from pathlib import Path

from dashboard.widgets import coloured_text as module
from dashboard.widgets.coloured_text import Mark, Row, coloured_text

SCRIPT = Path(module.__file__).with_suffix(".js").read_text(encoding="utf-8")


def test_characters_travel_as_they_are_with_level_tip_and_kind(monkeypatch):
    sent = []
    monkeypatch.setattr(module, "_component", lambda **arguments: sent.append(arguments))
    row = Row([Mark("<b>", kind="removed"), Mark("ü", 0.12345, "tip")], "label", "note")
    coloured_text([row], key="k", positive="#111111", negative="#222222", legend=("low", "high"))
    assert sent == [
        {
            "key": "k",
            "data": {
                "rows": [
                    {
                        "label": "label",
                        "note": "note",
                        "marks": [["<b>", None, "", "removed"], ["ü", 0.123, "tip", ""]],
                    }
                ],
                "positive": "#111111",
                "negative": "#222222",
                "legend": ("low", "high"),
                "hint": True,
            },
        }
    ]


def test_the_script_puts_no_string_on_the_page_as_markup():
    markup = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|setHTML|DOMParser|eval|srcdoc"
    assert re.findall(markup, SCRIPT) == []
    assert "textContent" in SCRIPT
