"""Every way in which the DNS can fail to prove something, asked of a real server on loopback."""

import time

import pytest
from dns import rcode as rcodes

from tenants.members.email_domains.adapters import resolver

NAME = "_complere-challenge.acme.example"


def test_every_text_of_a_name_is_read_long_ones_whole(dns):
    dns.records[NAME] = ["complere-domain=abc", 'a" "b', "x" * 200 + '" "' + "y" * 100]
    assert sorted(resolver.texts(NAME)) == ["ab", "complere-domain=abc", "x" * 200 + "y" * 100]
    assert dns.asked == [NAME]


@pytest.mark.parametrize(
    ("records", "rcode", "words", "lasting"),
    [
        ({}, rcodes.NOERROR, f"The DNS knows no record {NAME}.", True),
        ({NAME: []}, rcodes.NOERROR, f"The DNS knows {NAME}, but no TXT record of it.", True),
        ({}, rcodes.SERVFAIL, "The name servers of the domain answer with an error.", False),
        ({}, rcodes.REFUSED, "The name servers of the domain answer with an error.", False),
    ],
)
def test_each_failure_is_said_in_words_and_whether_it_lasts(dns, records, rcode, words, lasting):
    dns.records, dns.rcode = records, rcode
    with pytest.raises(resolver.LookUpFailed) as failed:
        resolver.texts(NAME)
    assert (failed.value.words, failed.value.lasting) == (words, lasting)


def test_a_silent_server_is_given_up_in_seconds(dns):
    dns.silent = True
    begun = time.monotonic()
    with pytest.raises(resolver.LookUpFailed) as failed:
        resolver.texts(NAME)
    assert (failed.value.lasting, time.monotonic() - begun < resolver.SECONDS + 2) == (False, True)
