"""The press fetches its own assets and nothing else, whatever a page asks for."""

import io
from pathlib import Path

import pytest
from pypdf import PdfReader

from audit import press
from trust_center.documents.adapters.printing import ASSETS

PAGE = "<!doctype html><html lang=en><head><title>t</title>{head}</head><body><p>text</p>{body}</body></html>"
ESCAPES = {
    "css import": ("<style>@import url(http://127.0.0.1:9/x.css);</style>", ""),
    "font": ("<style>@font-face{font-family:x;src:url(http://127.0.0.1:9/f.ttf)} p{font-family:x}</style>", ""),
    "image": ("", '<img alt="" src="http://127.0.0.1:9/x.png">'),
    "image from a file": ("", '<img alt="" src="file:///etc/passwd">'),
    "data address": ("", '<img alt="" src="data:image/svg+xml,<svg/>">'),
    "svg that names another image": (
        "",
        '<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd" width="9" height="9"/></svg>',
    ),
    "object": ("", '<object data="http://127.0.0.1:9/x.svg"></object>'),
    "embed": ("", '<embed src="http://127.0.0.1:9/x.svg">'),
    "background": ("<style>body{background:url(ftp://127.0.0.1:9/x.png)}</style>", ""),
    "style sheet": ('<link rel="stylesheet" href="https://127.0.0.1:9/x.css">', ""),
    "attachment": ('<link rel="attachment" href="file:///etc/passwd">', ""),
    "attachment by a link": ("", '<a rel="attachment" href="file:///etc/passwd">x</a>'),
    "way out of the folder": ('<link rel="stylesheet" href="asset:../secret.css">', ""),
    "unknown asset": ('<link rel="stylesheet" href="asset:other.css">', ""),
    "relative address": ('<link rel="stylesheet" href="print.css">', ""),
}


@pytest.mark.parametrize(("head", "body"), ESCAPES.values(), ids=ESCAPES)
def test_any_address_but_an_asset_ends_the_printing(head, body):
    with pytest.raises(press.ForeignAddress):
        press.press(PAGE.format(head=head, body=body), {"print.css": b""})


def test_an_asset_is_answered():
    page = PAGE.format(head='<link rel="stylesheet" href="asset:print.css">', body="<p>more</p>")
    pages, pdf = press.press(page, {"print.css": b"p + p { break-before: page }"})
    assert (pages, pdf[:5]) == (2, b"%PDF-")


def test_the_same_page_gives_the_same_bytes_and_holds_no_attachment():
    page = PAGE.format(head="", body="")
    first, second = press.press(page, {})[1], press.press(page, {})[1]
    assert first == second
    assert PdfReader(io.BytesIO(first)).attachments == {}


def test_only_style_sheets_and_drawings_are_assets(tmp_path: Path):
    for name in ("a.css", "b.svg", "c.ttf", "D.css", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    assert sorted(press.read_assets(tmp_path)) == ["a.css", "b.svg"]
    assert sorted(press.read_assets(ASSETS)) == ["mark.svg", "print.css", "signatures.css"]
