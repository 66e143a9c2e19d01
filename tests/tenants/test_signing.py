import hashlib
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.signing import BadSignature
from hypothesis import given
from hypothesis import strategies as st

from privacy.intake import actions as intake
from tenants import schemas, signing
from tenants.members.accounts.adapters import attempts
from trust_center.updates.adapters import limits

ADDRESS = "192.0.2.77"
HOUR = timedelta(hours=1)
PARTS = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=2), min_size=1, max_size=3)


def kept():
    """The names of all that the cache holds."""
    found = cache._cache.get_client(write=True).keys(f"*{cache.key_prefix}*")
    return [name.decode() for name in found]


def test_a_token_opens_only_in_its_schema_and_for_its_purpose(acme, globex):
    with schemas.inside(acme):
        token = signing.sign("anything", purpose="a")
        assert signing.unsign(token, purpose="a", max_age_seconds=60) == "anything"
        with pytest.raises(BadSignature):
            signing.unsign(token, purpose="b", max_age_seconds=60)
    with schemas.inside(globex), pytest.raises(BadSignature):
        signing.unsign(token, purpose="a", max_age_seconds=60)


def test_a_digest_holds_only_in_its_schema_for_its_purpose_and_under_its_key(acme, globex, settings):
    made = {signing.digest(ADDRESS, purpose="a"), signing.digest(ADDRESS, purpose="b")}
    for tenant in (acme, globex):
        with schemas.inside(tenant):
            made.add(signing.digest(ADDRESS, purpose="a"))
    settings.SECRET_KEY = "another key of at least fifty letters, all of them plain"
    made.add(signing.digest(ADDRESS, purpose="a"))
    assert len(made) == 5


@given(PARTS, PARTS)
def test_different_things_have_different_digests(parts, other):
    same = signing.digest(*parts, purpose="a") == signing.digest(*other, purpose="a")
    assert same == (parts == other)


@pytest.mark.parametrize(
    "count",
    [
        lambda: limits.exceeded("subscribe", ADDRESS, most=5, within=HOUR),
        lambda: intake.admit(place=ADDRESS, email="a@example.org"),
        lambda: attempts.count("sign-in", ADDRESS, window=HOUR),
    ],
    ids=["limits", "intake", "attempts"],
)
def test_no_counter_in_the_cache_tells_whose_it_is(platform, count):
    count()
    plain = hashlib.sha256(ADDRESS.encode()).hexdigest()
    assert kept() != []
    assert [name for name in kept() if ADDRESS in name or plain in name] == []
