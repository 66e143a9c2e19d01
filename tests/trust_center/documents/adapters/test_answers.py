from pathlib import Path

import pytest
import yaml

from trust_center.documents.adapters import answers

GOOD = {"control": "A&A-02", "question": "Why?", "answer": "No", "owner": "CSP-owned", "text": "Because."}


def file_with(folder: Path, **changes) -> Path:
    answer = {key: value for key, value in {**GOOD, **changes}.items() if value is not None}
    file = folder / "q.yaml"
    file.write_text(yaml.safe_dump({"ccm_version": "4.0", "domains": [{"name": "D", "answers": [answer]}]}))
    return file


def test_the_answers_that_ship_are_whole_and_counted():
    content = answers.read()
    given = [answer for domain in content["domains"] for answer in domain["answers"]]
    assert content["count"] == len(given) == content["yes"] + content["no"] + content["na"]
    assert {answer["control_label"].split(",")[0] for answer in given} == {f"CCM {content['ccm_version']}"}


def test_no_control_is_answered_twice():
    controls = [answer["control"] for domain in answers.read()["domains"] for answer in domain["answers"]]
    assert len(controls) == len(set(controls))


@pytest.mark.parametrize(
    "wrong",
    [
        {"control": "A&A-02.1"},
        {"control": "ISO-01"},
        {"answer": "Partly"},
        {"owner": "Nobody"},
        {"text": ""},
        {"text": None},
        {"extra": "x"},
    ],
)
def test_half_an_answer_is_refused(tmp_path, wrong):
    with pytest.raises(answers.AnswersRefused):
        answers.read(file_with(tmp_path, **wrong))


def test_a_whole_answer_is_read(tmp_path):
    content = answers.read(file_with(tmp_path))
    assert content["domains"][0]["answers"] == [{**GOOD, "control_label": "CCM 4.0, A&A-02"}]
