from hypothesis import given
from hypothesis import strategies as st

from tenants.members.safeguards import hashing


def test_ten_codes_are_made_all_different_and_readable():
    codes = hashing.new_recovery_codes()
    assert len(set(codes)) == 10
    assert all(set(code) <= set(hashing.LETTERS) | {"-"} for code in codes)
    assert {len(code) for code in codes} == {14}
    # 59 bits: nobody guesses ten times in ten minutes.
    assert len(hashing.LETTERS) ** hashing.RECOVERY_LENGTH > 2**59


@given(st.lists(st.sampled_from([" ", "-", "\t", "  "]), min_size=3, max_size=3))
def test_separators_and_case_do_not_matter(between):
    code = hashing.new_recovery_codes()[0]
    parts = code.split("-")
    typed = "".join(part.upper() + gap for part, gap in zip(parts, between, strict=True))
    assert hashing.bare(typed) == hashing.bare(code) == "".join(parts)
