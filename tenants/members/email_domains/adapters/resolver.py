"""Asking the DNS for TXT records: few tries, a short time, and every failure in words."""

from typing import Final

import dns.exception
import dns.nameserver
import dns.resolver
from django.conf import settings

SECONDS: Final = 4.0
SECONDS_A_TRY: Final = 2.0
MOST_RECORDS: Final = 100


class LookUpFailed(Exception):
    """No list of records. `lasting`: the DNS says that there is none; else it may answer another time."""

    def __init__(self, words: str, *, lasting: bool) -> None:
        super().__init__(words)
        self.words, self.lasting = words, lasting


def texts(name: str) -> list[str]:
    """Every TXT record of this name. Raises `LookUpFailed`."""
    try:
        answer = _resolver().resolve(f"{name}.", "TXT", search=False)
    except dns.resolver.NXDOMAIN as unknown:
        raise LookUpFailed(f"The DNS knows no record {name}.", lasting=True) from unknown
    except dns.resolver.NoAnswer as empty:
        raise LookUpFailed(f"The DNS knows {name}, but no TXT record of it.", lasting=True) from empty
    except dns.exception.Timeout as late:
        raise LookUpFailed("The name servers did not answer in time. Try again later.", lasting=False) from late
    except (dns.exception.DNSException, OSError) as failed:
        raise LookUpFailed("The name servers of the domain answer with an error.", lasting=False) from failed
    records = list(answer.rrset or ())[:MOST_RECORDS]
    return [b"".join(record.strings).decode("ascii", "replace") for record in records]


def _resolver() -> dns.resolver.Resolver:
    """The system's name servers, or those of the setting DNS_SERVERS (address:port)."""
    servers = [server.rpartition(":") for server in settings.DNS_SERVERS]
    resolver = dns.resolver.Resolver(configure=not servers)
    if servers:
        resolver.nameservers = [dns.nameserver.Do53Nameserver(host, int(port)) for host, _, port in servers]
    resolver.lifetime, resolver.timeout = SECONDS, SECONDS_A_TRY
    return resolver
