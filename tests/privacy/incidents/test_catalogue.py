"""The eight parts of a notice: complete, or refused part by part."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.incidents import catalogue
from tests.privacy.incidents.stage import FINDINGS

FULL = catalogue.content({**FINDINGS, "nature_text": "An export of your data could be opened."})
text = st.text(max_size=20)


@pytest.mark.req("BRE-08")
def test_a_notice_has_eight_parts():
    assert catalogue.KEYS == (
        "nature",
        "data_subjects",
        "records",
        "contact_point",
        "likely_consequences",
        "measures_taken",
        "measures_proposed",
        "recommended_actions",
    )
    assert catalogue.problems(FULL) == {}


@pytest.mark.req("BRE-08")
@pytest.mark.parametrize("key", catalogue.KEYS)
def test_a_missing_part_is_refused(key):
    lacking = {name: part for name, part in FULL.items() if name != key}
    assert catalogue.problems(lacking) == {"": f"A notice holds exactly 8 parts; missing: {key}."}


@pytest.mark.req("BRE-08")
def test_a_ninth_part_is_refused():
    assert list(catalogue.problems({**FULL, "tenants": {}})) == [""]


@pytest.mark.req("BRE-08")
def test_every_empty_part_is_named():
    assert set(catalogue.problems(catalogue.content({}))) == {
        "natures",
        "nature_text",
        "subject_categories",
        "subjects_number",
        "record_categories",
        "records_number",
        "contact_name",
        "contact_email",
        "likely_consequences",
        "measures_taken",
        "measures_proposed",
        "recommended_actions",
    }


@pytest.mark.req("BRE-07")
@pytest.mark.parametrize("key", catalogue.MAY_BE_UNKNOWN)
def test_unknown_yet_is_an_answer_and_empty_is_none(key):
    empty = catalogue.content({**FINDINGS, "nature_text": "x", key: ""})
    unknown = catalogue.content({**FINDINGS, "nature_text": "x", key: "", "unknown_yet": [key]})
    assert (list(catalogue.problems(empty)), catalogue.problems(unknown)) == ([key], {})


@pytest.mark.req("BRE-07")
@pytest.mark.parametrize("key", catalogue.MAY_BE_UNKNOWN)
def test_text_and_unknown_yet_contradict_each_other(key):
    both = catalogue.content({**FINDINGS, "nature_text": "x", "unknown_yet": [key]})
    assert list(catalogue.problems(both)) == [key]


@pytest.mark.req("BRE-08")
def test_a_number_and_why_it_is_unknown_contradict_each_other():
    both = copy.deepcopy(FULL)
    both["data_subjects"]["unknown_because"] = "Nobody counted"
    assert list(catalogue.problems(both)) == ["subjects_unknown_because"]


def test_nobody_concerned_is_a_number():
    assert catalogue.problems(catalogue.content({**FINDINGS, "nature_text": "x", "subjects_number": 0})) == {}


def test_an_invented_nature_is_refused():
    assert list(catalogue.problems(catalogue.content({**FINDINGS, "nature_text": "x", "natures": ["magic"]}))) == [
        "natures"
    ]


@given(
    st.fixed_dictionaries(
        {
            "natures": st.lists(st.sampled_from([*catalogue.Nature]), unique=True),
            "nature_text": text,
            "subject_categories": text,
            "subjects_number": st.none() | st.integers(0, 10**10),
            "subjects_unknown_because": text,
            "record_categories": text,
            "records_number": st.none() | st.integers(0, 10**10),
            "records_unknown_because": text,
            **dict.fromkeys(catalogue.TEXTS, text),
            **{f"contact_{way}": text for way in ("name", "email", "phone")},
            "unknown_yet": st.just([]),
        }
    )
)
def test_the_parts_give_back_the_form_they_came_from(values):
    assert catalogue.flat(catalogue.content(values)) == values


def test_the_parts_read_as_sentences():
    told = {part.key: part.lines for part in catalogue.told(FULL)}
    assert told["data_subjects"] == ["Trial participants", "Number: about 120"]
    assert told["records"] == ["Lab results", "Number: unknown (Logs are still read)"]
    assert told["contact_point"] == ["Security team", "security@complere.example"]


def test_what_is_unknown_yet_says_so():
    parts = catalogue.content({**FINDINGS, "nature_text": "x", "measures_taken": "", "unknown_yet": ["measures_taken"]})
    assert {part.key: part.lines for part in catalogue.told(parts)}["measures_taken"] == ["Unknown yet"]
