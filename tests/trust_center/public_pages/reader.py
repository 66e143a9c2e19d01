"""What a public page consists of, as far as the tests ask, and the words it must hold."""

from html.parser import HTMLParser
from pathlib import Path

from django.test import Client


class Reader(HTMLParser):
    """What a page consists of, as far as these tests ask."""

    VOID = {"meta", "link", "br", "img", "input", "hr", "path", "circle"}

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []
        self.ids: list[str] = []
        self.hrefs: list[str] = []
        self.headings: list[tuple[str, str]] = []
        self.tags: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        if len(given) != len(attrs):
            self.faults.append(f"<{tag}> has an attribute twice")
        if "style" in given or any(name.startswith("on") for name in given):
            self.faults.append(f"<{tag}> carries inline code")
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if tag == "a":
            self.hrefs.append(str(given.get("href")))
        if tag in ("h1", "h2", "h3"):
            self.headings.append((tag, ""))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self.headings and self.open and self.open[-1] == self.headings[-1][0]:
            self.headings[-1] = (self.headings[-1][0], self.headings[-1][1] + data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def read(client: Client, path: str) -> Reader:
    return Reader(client.get(path).content.decode())


def owners(part: str) -> list[str]:
    """One part of owners_page.txt."""
    text = Path(__file__).with_name("owners_page.txt").read_text(encoding="utf-8")
    body = text.split(f"[{part}]\n", 1)[1].split("\n[", 1)[0]
    return [line for line in body.splitlines() if line]
