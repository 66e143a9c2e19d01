import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.case_files.catalogue import ANSWER_FILES, EVIDENCE_FILES, LARGEST_FILE, refusal

GOOD = {
    "a.pdf": b"%PDF-1.7",
    "a.PNG": b"\x89PNG\r\n\x1a\n...",
    "a.jpg": b"\xff\xd8\xff\xe0",
    "a.b.jpeg": b"\xff\xd8\xff\xe0",
    "ü.txt": b"text",
    "mail.eml": b"From: a@b",
    "a.docx": b"PK\x03\x04...",
}


@pytest.mark.parametrize(("name", "content"), GOOD.items())
def test_a_file_that_is_what_it_says_is_taken(name, content):
    assert refusal(name, content, EVIDENCE_FILES) is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.exe", b"MZ"),
        ("a", b"text"),
        ("a.pdf.html", b"%PDF-"),
        ("a.pdf", b"<html>"),
        ("a.txt", b""),
        ("a.txt", b"a\x00b"),
        ("a.zip", b"PK\x03\x04"),
        ("a.svg", b"<svg/>"),
        ("a.txt", b"x" * (LARGEST_FILE + 1)),
    ],
)
@pytest.mark.req("ASVS-5.2.1", "ASVS-5.2.2", "ASVS-5.2.3")
def test_any_other_file_is_refused_with_a_sentence(name, content):
    assert str(refusal(name, content, EVIDENCE_FILES)).endswith(".")


def test_a_file_of_exactly_the_limit_is_taken():
    assert refusal("a.txt", b"x" * LARGEST_FILE, EVIDENCE_FILES) is None


@given(name=st.text(max_size=40), content=st.binary(max_size=40))
@pytest.mark.req("ASVS-5.3.2")
def test_no_name_or_content_breaks_the_check_and_only_listed_endings_pass(name, content):
    if refusal(name, content, ANSWER_FILES) is None:
        assert name.rpartition(".")[2].lower() in ANSWER_FILES
        assert content != b""
