"""What a hostile or clumsy person puts into a form: each makes, from the sensible values, what is sent instead."""

import re
from collections.abc import Callable

from tests.hostile.forms import Field, Form, Pairs

# Stands in everything that would be markup, so that it is found wherever it turns up.
MARK = "zq7hostile"
MARKUP = f"""'"></textarea></title><script>alert("{MARK}")</script><img src=x onerror=alert(1)>&amp;{{{{7|add:7}}}}"""
# For fields that take no more.
SHORT = f"<i title=1>{MARK}</i>"
HUGE = "A" * 100_000
ODD = "Zoë 👩🏽‍🔬 \u202etxe\u202c ﷽ '; DROP TABLE members_user; -- \" OR 1=1 %s %(x)s \\x00 {% now 'Y' %} ${7*7}"
NUL = "before\x00after"
LINES = "line\r\nBcc: everybody@mail.example\r\n\r\nbody"
WRONG = {
    "email": "nobody at home",
    "number": "1e400",
    "date": "2026-02-31",
    "time": "25:61",
    "select": "no-such-choice",
    "radio": "no-such-choice",
    "checkbox": "no-such-choice",
    "hidden": "no-such-thing",
}

Corpus = Callable[[Form], Pairs]


def _each(form: Form, change: Callable[[Field, tuple[str, ...]], tuple[str, ...]]) -> Pairs:
    given: dict[str, list[str]] = {}
    for name, value in form.filled():
        given.setdefault(name, []).append(value)
    return [(one.name, v) for one in form.fields if not one.trap for v in change(one, tuple(given.get(one.name, ())))]


def _texts(text: str) -> Corpus:
    return lambda form: _each(form, lambda one, sent: (text,) if one.is_text else sent)


def _everything(text: str) -> Corpus:
    """Every field, also those that are chosen from, hidden or no text at all."""
    return lambda form: _each(form, lambda one, sent: () if one.kind == "file" else (text,))


def _markup(form: Form) -> Pairs:
    """Where an address is asked, one whose quoted part is markup: the grammar of addresses allows it."""
    address = f'"<script>{MARK}</script>"@mail.example'

    def change(one: Field, sent: tuple[str, ...]) -> tuple[str, ...]:
        text = MARKUP if len(MARKUP) <= one.limit else SHORT
        return (address,) if one.kind == "email" else (text,) if one.is_text else sent

    return _each(form, change)


def markup_beside_an_address(form: Form) -> Pairs:
    """For forms that take only plain addresses."""
    return _each(form, lambda one, sent: (MARKUP if len(MARKUP) <= one.limit else SHORT,) if one.is_text else sent)


def _wrong(form: Form) -> Pairs:
    return _each(form, lambda one, sent: (WRONG[one.kind],) if one.kind in WRONG else sent)


def _empty(form: Form) -> Pairs:
    """Nothing typed, chosen or ticked; what the page itself carries stays."""
    return _each(form, lambda one, sent: sent if one.kind == "hidden" else () if one.options else ("",))


def _twice(form: Form) -> Pairs:
    return [*form.filled(), *_texts("Something else")(form)]


def elsewhere(ids: list[str]) -> Corpus:
    """Ids of another tenant, in place of every id and choice."""

    def change(one: Field, sent: tuple[str, ...]) -> tuple[str, ...]:
        chosen = [value for value in (*one.options, *sent) if _is_id(value)]
        return tuple(ids) if chosen or (one.options and one.kind != "checkbox") else sent

    return lambda form: _each(form, change)


def _is_id(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text))


CORPORA: dict[str, Corpus] = {
    "nothing": _empty,
    "no field at all": lambda form: [],
    "wrong types": _wrong,
    "huge texts": _texts(HUGE),
    "odd scripts, SQL and templates": _texts(ODD),
    "markup": _markup,
    "NUL": _texts(NUL),
    "NUL in every field": _everything(NUL),
    "lines that would be headers": _texts(LINES),
    "white space": _texts(" \t\u00a0\u200b "),
    "text in every field": _everything(ODD),
    "every field twice": _twice,
}
