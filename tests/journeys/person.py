"""Somebody at a browser: goes to pages, reads labels, types, presses buttons, looks into the mailbox."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import ConsoleMessage, Download, Locator, Page, Response, expect

# Every page works without JavaScript: the whole of each journey is made with it and without.
BOTH_WAYS = pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
PASSWORD = "a-calm-demo-passphrase"
# The worker mails within seconds; a loaded machine gets more time.
MAIL_PATIENCE = 45.0
READING_PATIENCE = 5.0
# Codes change each half minute.
CODE_PATIENCE = 45.0
HUMAN_PAUSE = 3.2
# What a page may answer that a person is meant to see: refusals are pages too.
READABLE = {200, 403, 404, 409, 410, 422, 429}


@dataclass
class Faults:
    """Everything that a browser complained about, of all people of one test.

    `others`: where addresses begin that are other people's; what their pages do is theirs.
    """

    found: list[str] = field(default_factory=list)
    others: tuple[str, ...] = ()

    def watch(self, page: Page) -> None:
        page.on("console", self._said)
        page.on("pageerror", lambda error: self._is_ours(page.url) and self.found.append(f"{page.url}: {error}"))
        page.on("response", self._answered)
        page.on("dialog", self._opened)

    def _said(self, message: ConsoleMessage) -> None:
        # The browser's note on a page that answered 404 or 422; the answer itself is judged in _answered.
        if message.type not in ("error", "warning") or message.text.startswith("Failed to load resource"):
            return
        if not self._is_ours(str(message.location.get("url"))):
            return
        self.found.append(f"{message.location.get('url')}: {message.text}")

    def _is_ours(self, url: str) -> bool:
        return not (self.others and url.startswith(self.others))

    def _answered(self, response: Response) -> None:
        if not self._is_ours(response.url):
            return
        fine = response.status < 400 or (response.request.is_navigation_request() and response.status in READABLE)
        if not fine:
            self.found.append(f"{response.request.method} {response.url}: {response.status}")
        html = "text/html" in response.headers.get("content-type", "")
        if html and response.request.is_navigation_request() and "content-security-policy" not in response.headers:
            self.found.append(f"{response.url}: HTML without a content security policy")

    def _opened(self, dialog: Any) -> None:
        self.found.append(f"a dialog opened: {dialog.message}")
        dialog.dismiss()


@dataclass
class Person:
    """One browser profile. `home` is the origin of the host on which the person works."""

    page: Page
    home: str
    mailbox: str
    opened: float = 0.0
    email: str = ""

    def takes_time(self) -> "Person":
        """Forms for everybody take nobody for a person who answers sooner."""
        self.page.wait_for_timeout(max(0.0, HUMAN_PAUSE - (time.monotonic() - self.opened)) * 1000)
        return self

    def goes_to(self, where: str) -> "Person":
        """A path of the person's own host, or a whole address."""
        self.opened = time.monotonic()
        self.page.goto(where if "://" in where else f"{self.home}{where}")
        return self

    def signs_in(self, email: str, password: str = PASSWORD) -> "Person":
        self.email = email
        start = "/console/" if urlsplit(self.home).hostname == "localhost" else "/"
        self.goes_to(start)
        self.writes("E-mail address", email)
        self.writes("Password", password)
        self.presses("Sign in")
        return self.shows_a_second_factor() if self.page.url.endswith("/sign-in/second-step/") else self

    def shows_a_second_factor(self) -> "Person":
        """A code of the app that came with the demonstration."""
        return self.writes("One-time code", self.code()).presses("Continue")

    def proves(self, password: str = PASSWORD) -> "Person":
        """Before a dangerous act, where that was too long ago: who sits here?"""
        self.is_at("Confirm that it is you").writes("Your password", password)
        if self.field("One-time code").count():
            self.writes("One-time code", self.code())
        return self.presses("Confirm")

    def signs(self, button: str, password: str = PASSWORD) -> "Person":
        """Prove who one is below “Your signature”, and press `button`."""
        self.writes("Your password", password).writes("One-time code", self.code())
        return self.presses(button)

    def code(self) -> str:
        """A code not used before, read from the demonstration's page as one reads it from a telephone."""
        telephone, until = self.page.context.new_page(), time.monotonic() + CODE_PATIENCE
        try:
            while True:
                telephone.goto(f"{self.home}/demo/codes/")
                shown = telephone.locator("tbody tr", has_text=self.email).locator("code")
                if shown.count():
                    # The next one is taken half a minute early.
                    return shown.first.inner_text()
                assert time.monotonic() < until, f"no code for {self.email}: {telephone.locator('body').inner_text()}"
                telephone.wait_for_timeout(1000)
        finally:
            telephone.close()

    def follows(self, link: str, within: Locator | None = None) -> "Person":
        """Click a link by its whole name."""
        (within or self.page).get_by_role("link", name=link, exact=True).first.click()
        self.page.wait_for_load_state("load")
        self.opened = time.monotonic()
        return self

    def presses(self, button: str, within: Locator | None = None) -> "Person":
        (within or self.page).get_by_role("button", name=button, exact=True).click()
        self.page.wait_for_load_state("load")
        self.opened = time.monotonic()
        return self

    def field(self, label: str) -> Locator:
        """What is typed into or chosen from; a box may have the same label."""
        labelled = self.page.get_by_label(re.compile(rf"^\s*{re.escape(label)}\s*(\(optional\))?\s*$"))
        return labelled.and_(self.page.locator("input:not([type=checkbox], [type=radio]), textarea, select"))

    def writes(self, label: str, text: str) -> "Person":
        self.field(label).fill(text)
        return self

    def chooses(self, label: str, option: str) -> "Person":
        """An option of a list, by its words."""
        self.field(label).select_option(label=option)
        return self

    def ticks(self, choice: str | re.Pattern[str], group: str | None = None) -> "Person":
        """A radio button or a box, by its label, in the group with this legend."""
        within = self.page.get_by_role("group", name=group) if group else self.page
        within.get_by_label(choice).first.check()
        return self

    def dates(self, group: str, day: str, clock: str) -> "Person":
        within = self.page.get_by_role("group", name=group)
        within.get_by_label("Date").fill(day)
        within.get_by_label("Time").fill(clock)
        return self

    def opens(self, summary: str, within: Locator | None = None) -> "Person":
        (within or self.page).locator("summary", has_text=summary).first.click()
        return self

    def reads(self, *texts: str) -> "Person":
        """The page shows each of the texts, whatever breaks their lines."""
        until = time.monotonic() + READING_PATIENCE
        while missing := [text for text in texts if text not in self.text()]:
            assert time.monotonic() < until, f"{self.page.url} does not show {missing}, but: {self.text()[:3000]}"
            self.page.wait_for_timeout(100)
        return self

    def misses(self, *texts: str) -> "Person":
        shown = [text for text in texts if text in self.text()]
        assert shown == [], self.page.url
        return self

    def text(self) -> str:
        return re.sub(r"\s+", " ", self.page.locator("body").text_content() or "")

    def is_at(self, heading: str | re.Pattern[str]) -> "Person":
        expect(self.page.locator("h1")).to_have_text(heading)
        return self

    def row(self, text: str) -> Locator:
        return self.page.locator("tbody tr", has_text=text)

    def panel(self, heading: str) -> Locator:
        return self.page.locator("section", has=self.page.get_by_role("heading", name=heading, exact=True)).last

    def saves(self, press: Callable[[], Any]) -> Download:
        with self.page.expect_download() as saved:
            press()
        return saved.value

    def opens_mail(self, to: str, subject: str, *, besides: int = 0) -> "Person":
        """Reload the mailbox until a mail is there whose subject begins so, as a person would, and open the newest.

        `besides`: so many were there before.
        """
        until = time.monotonic() + MAIL_PATIENCE
        while (mails := self.mails(to, subject)).count() <= besides:
            assert time.monotonic() < until, f"no mail “{subject}” to {to}; there are: {self._subjects()}"
            self.page.wait_for_timeout(300)
        mails.first.click()
        return self

    def mails(self, to: str, subject: str) -> Locator:
        self.page.goto(f"{self.mailbox}?{urlencode({'to': to})}")
        return self.page.locator("tbody a", has_text=re.compile(f"^{re.escape(subject)}"))

    def follows_the_link(self, part: str) -> "Person":
        """In an opened mail: the link whose address holds `part`."""
        self.page.locator(f"[data-mail-text] a[href*='{part}']").first.click()
        self.page.wait_for_load_state("load")
        return self

    def link_in_mail(self, part: str) -> str:
        return str(self.page.locator(f"[data-mail-text] a[href*='{part}']").first.get_attribute("href"))

    def _subjects(self) -> list[str]:
        return self.page.locator("tbody a").all_inner_texts()
