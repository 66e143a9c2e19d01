from tenants.members.accounts import hashing


def test_tokens_are_long_different_and_fit_an_address():
    tokens = {hashing.new_token() for _ in range(200)}
    assert len(tokens) == 200
    assert {len(token) for token in tokens} == {43}
    assert all(token.replace("-", "").replace("_", "").isalnum() for token in tokens)


def test_a_digest_is_sha256_and_shows_nothing_of_its_token():
    assert hashing.digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
