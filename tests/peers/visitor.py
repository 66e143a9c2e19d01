"""A browser in plain Python: cookies by host, forms filled in and sent, redirects followed one by one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import requests
from lxml import html


@dataclass
class Page:
    url: str
    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def words(self) -> str:
        return re.sub(r"\s+", " ", html.fromstring(self.text).text_content()) if self.text.strip() else ""


@dataclass
class Visitor:
    """Keeps cookies as a browser does: by host, whatever the port; names below .localhost are this machine."""

    cookies: dict[str, dict[str, str]] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    page: Page | None = None

    def opens(self, url: str) -> Page:
        """Follow redirects, and pages that lead on by themselves, to where they end."""
        return self._on(self._asks("GET", url, None))

    def sends(self, values: Mapping[str, str] | None = None, *, form: int = 0) -> Page:
        """Fill in a form of the page and send it."""
        assert self.page is not None
        root = html.fromstring(self.page.text, base_url=self.page.url)
        chosen = root.forms[form]
        filled = {name: value or "" for name, value in chosen.form_values()} | dict(values or {})
        action = urljoin(self.page.url, chosen.action or "")
        return self._on(self._asks(chosen.method.upper(), action, filled))

    def _on(self, page: Page) -> Page:
        for _ in range(20):
            to = page.headers.get("Location") if 300 <= page.status < 400 else None
            if to is None and "Refresh" in page.headers:
                to = page.headers["Refresh"].partition("url=")[2]
            if to is None:
                self.page = page
                return page
            page = self._asks("GET", urljoin(page.url, to), None)
        raise AssertionError(f"redirects without end: {self.seen[-20:]}")

    def _asks(self, method: str, url: str, data: Mapping[str, str] | None) -> Page:
        parts = urlsplit(url)
        host = parts.hostname or ""
        self.seen.append(f"{method} {url}")
        address = parts._replace(netloc=f"127.0.0.1:{parts.port}").geturl()
        headers = {"Host": parts.netloc, "User-Agent": "Plain Python", "Connection": "close"}
        kept = "; ".join(f"{name}={value}" for name, value in self.cookies.get(host, {}).items())
        if kept:
            headers["Cookie"] = kept
        if method == "POST":
            headers |= {"Origin": f"{parts.scheme}://{parts.netloc}", "Referer": url}
        answer = requests.request(method, address, data=data, headers=headers, allow_redirects=False, timeout=30)
        self._keep(host, answer)
        return Page(url, answer.status_code, answer.text, answer.headers)

    def _keep(self, host: str, answer: requests.Response) -> None:
        for line in answer.raw.headers.getlist("Set-Cookie"):
            pair, _, rest = line.partition(";")
            name, _, value = pair.partition("=")
            over = "Max-Age=0" in rest or "01 Jan 1970" in rest or not value
            known = self.cookies.setdefault(host, {})
            if over:
                known.pop(name, None)
            else:
                known[name] = value
