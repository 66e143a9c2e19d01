"""Which e-mail domains a workspace can call its own, and how their DNS answers are read. Pure: no framework."""

import re
from datetime import timedelta
from typing import Final

import idna

CHALLENGE: Final = "_complere-challenge"
MARK: Final = "complere-domain="
CHECKED_EVERY: Final = timedelta(days=1)
LONGEST: Final = 253
MOST_DOMAINS: Final = 100
LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
# Anybody gets an address there.
PUBLIC_MAIL: Final = frozenset(
    {
        "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "hotmail.co.uk", "hotmail.de", "hotmail.fr",
        "live.com", "live.de", "msn.com", "yahoo.com", "yahoo.co.uk", "yahoo.de", "yahoo.fr", "ymail.com",
        "rocketmail.com", "aol.com", "icloud.com", "me.com", "mac.com", "proton.me", "protonmail.com", "pm.me",
        "gmx.com", "gmx.de", "gmx.net", "gmx.at", "gmx.ch", "web.de", "t-online.de", "freenet.de", "mail.com",
        "mail.ru", "yandex.com", "yandex.ru", "zoho.com", "fastmail.com", "fastmail.fm", "hey.com", "tutanota.com",
        "tuta.io", "tuta.com", "posteo.de", "mailbox.org", "orange.fr", "free.fr", "laposte.net", "wanadoo.fr",
        "libero.it", "virgilio.it", "seznam.cz", "wp.pl", "onet.pl", "o2.pl", "interia.pl", "qq.com", "163.com",
        "126.com", "sina.com", "naver.com", "hanmail.net", "daum.net", "rediffmail.com", "comcast.net", "verizon.net",
        "att.net", "bluewin.ch", "btinternet.com",
    }
)  # fmt: skip
# Names that no public DNS serves (RFC 6761, RFC 8375); `example` stays, documents and demonstrations use it.
RESERVED: Final = frozenset({"localhost", "local", "test", "invalid", "onion", "internal", "arpa", "lan", "home"})


class DomainRefused(ValueError):
    """This cannot be a domain of one organisation; the text says why."""


def normalised(text: str) -> str:
    """The domain as DNS and mail systems compare it: lower case, international names as A-labels, no dot at the end.

    Raises `DomainRefused`.
    """
    typed = text.strip().rstrip(".").rpartition("@")[2]
    try:
        name = typed.lower() if typed.isascii() else idna.encode(typed, uts46=True).decode()
    except idna.IDNAError as broken:
        raise DomainRefused("This is no domain name. Enter it in the form example.com.") from broken
    labels = name.split(".")
    if len(name) > LONGEST or len(labels) < 2 or not all(LABEL.fullmatch(label) for label in labels):
        raise DomainRefused("This is no domain name. Enter it in the form example.com.")
    if labels[-1].isdigit() or labels[-1] in RESERVED:
        raise DomainRefused("This name is not served by the public DNS, so nobody can prove it.")
    return name


def checked(text: str, *, own_host: str) -> str:
    """`normalised`, and nobody's mailbox provider or the platform itself. Raises `DomainRefused`."""
    name = normalised(text)
    if name in PUBLIC_MAIL:
        raise DomainRefused(f"{name} is a public mail service: anybody has an address there.")
    if name == own_host or own_host.endswith(f".{name}") or name.endswith(f".{own_host}"):
        raise DomainRefused(f"{name} is the address of this service, not a domain of yours.")
    return name


def record_name(domain: str) -> str:
    return f"{CHALLENGE}.{domain}"


def record_value(token: str) -> str:
    return f"{MARK}{token}"
