"""What a notice to one tenant may not hold."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from privacy.breach_notices.catalogue import Stranger, leaks, texts

GLOBEX = Stranger("Globex Biotech", frozenset({12_345, 40}))


def found(text: str, own: str = "Acme Pharma", figures: tuple[int, ...] = (), others=(GLOBEX,)) -> list[str]:
    return leaks({"nature": {"text": text}}, own, figures, others)


@pytest.mark.req("BRE-10")
@pytest.mark.parametrize(
    "text", ["Globex Biotech", "at GLOBEX  biotech.", "globex\nbiotech’s data", "Ｇlobex Biotech", "«Globex Biotech»"]
)
def test_another_tenants_name_is_found_however_it_is_written(text):
    assert found(text) == ["The text names Globex Biotech, another tenant. Remove the name."]


@pytest.mark.req("BRE-10")
@pytest.mark.parametrize("text", ["12345", "12,345 people", "12.345", "12 345 rows", "12’345", "about 12 345."])
def test_another_tenants_figure_is_found_however_it_is_grouped(text):
    assert found(text) == ["The text holds 12,345, a figure of Globex Biotech. Remove it."]


@pytest.mark.parametrize(
    "text", ["", "Your export", "Globex", "Biotech Globex", "112345", "123456", "40 people", "1 2345"]
)
def test_what_is_not_another_tenants_is_left_alone(text):
    assert found(text) == []


def test_a_figure_of_ones_own_is_no_leak():
    assert found("12,345 people", figures=(12_345,)) == []


def test_ones_own_name_may_contain_anothers():
    other = Stranger("Acme", frozenset())
    assert found("Acme Pharma was hit", others=(other,)) == []
    assert found("Acme Pharma and Acme were hit", others=(other,)) != []


def test_names_with_signs_are_matched_literally():
    assert found("A+B (c) Ltd. is hit", others=(Stranger("A+B (C) Ltd.", frozenset()),)) != []


def test_texts_are_found_however_deep():
    assert texts({"a": ["x", {"b": "y"}], "c": 3, "d": None, "e": ("z",)}) == ["x", "y", "z"]


@pytest.mark.req("BRE-10")
@given(
    st.text(max_size=40),
    st.text(max_size=40),
    st.text(st.characters(categories=["L", "N"]), min_size=3, max_size=20).filter(str.strip),
)
@example(before="", after="", name="00\u1fd2")
def test_a_name_between_any_texts_is_found(before, after, name):
    assert found(f"{before} {name} {after}", own="", others=(Stranger(name, frozenset()),)) != []


@pytest.mark.req("BRE-10")
@given(st.integers(100, 10**12), st.sampled_from(["{}", "{:,}"]))
def test_any_telling_figure_is_found(figure, form):
    assert found(f"about {form.format(figure)} people", others=(Stranger("X Y", frozenset({figure})),)) != []
