"""complere/env.py: typed, loud, and silent about secrets."""

import ast
import re
from pathlib import Path

import pytest

from complere import env
from complere.env import SettingRefused

ROOT = Path(__file__).resolve().parents[2]
NAME = "COMPLERE_TEST_VARIABLE"


@pytest.fixture
def given(monkeypatch):
    return lambda value, name=NAME: monkeypatch.setenv(name, value)


@pytest.mark.parametrize("value", ["1", "true", "TRUE", "yes", "On", "  1  "])
def test_a_flag_is_on(given, value):
    given(value)
    assert env.flag(NAME) is True


@pytest.mark.parametrize("value", ["0", "false", "No", "OFF"])
def test_a_flag_is_off_whatever_its_default(given, value):
    given(value)
    assert env.flag(NAME, default=True) is False


@pytest.mark.parametrize("default", [True, False])
@pytest.mark.parametrize("value", [None, "", "   "])
def test_an_empty_variable_counts_as_not_set(given, monkeypatch, value, default):
    monkeypatch.delenv(NAME, raising=False)
    if value is not None:
        given(value)
    assert env.given(NAME) is False
    assert env.flag(NAME, default=default) is default
    assert env.text(NAME, "else") == "else"
    assert env.number(NAME, 7) == 7
    assert env.secret(NAME, None) is None


@pytest.mark.parametrize("value", ["2", "maybe", "tru", "yes please", "ja"])
def test_a_flag_refuses_anything_else_by_name(given, value):
    given(value)
    with pytest.raises(SettingRefused) as refused:
        env.flag(NAME)
    assert str(refused.value) == f"{NAME} must be 1 (or true, yes, on) or 0 (or false, no, off), but it is {value!r}."


@pytest.mark.parametrize(("value", "number"), [("0", 0), ("8000", 8000), ("-3", -3), (" 12 ", 12), ("007", 7)])
def test_a_number_is_read(given, value, number):
    given(value)
    assert env.number(NAME) == number


@pytest.mark.parametrize("value", ["1.5", "1e3", "1_000", "0x10", "--1", "٣", "eight", "1 2"])
def test_a_number_refuses_what_is_none(given, value):
    given(value)
    with pytest.raises(SettingRefused, match=f"{NAME} must be a whole number"):
        env.number(NAME)


@pytest.mark.parametrize("value", ["0", "65536", "-1"])
def test_a_number_refuses_what_is_out_of_bounds(given, value):
    given(value)
    with pytest.raises(SettingRefused) as refused:
        env.number(NAME, minimum=1, maximum=65535)
    assert str(refused.value) == f"{NAME} must be a whole number at least 1 and at most 65535, but it is {value!r}."


@pytest.mark.parametrize("value", ["1", "65535"])
def test_the_bounds_of_a_number_are_included(given, value):
    given(value)
    assert env.number(NAME, minimum=1, maximum=65535) == int(value)


def test_a_choice_is_one_of_its_options(given):
    given("text")
    assert env.choice(NAME, ("json", "text")) == "text"
    given("xml")
    with pytest.raises(SettingRefused, match="must be one of json, text, but it is 'xml'"):
        env.choice(NAME, ("json", "text"))


@pytest.mark.parametrize("read", [env.text, env.number, env.secret])
def test_what_is_required_and_missing_is_named(monkeypatch, read):
    monkeypatch.delenv(NAME, raising=False)
    with pytest.raises(SettingRefused, match=rf"^{NAME} must be .* but it is not set\.$") as refused:
        read(NAME)
    assert refused.value.name == NAME


def test_a_secret_comes_from_the_variable_or_from_a_file(given, monkeypatch, tmp_path):
    given(" open sesame ")
    assert env.secret(NAME) == "open sesame"
    monkeypatch.delenv(NAME)
    (tmp_path / "secret").write_text("from a file\n")
    given(str(tmp_path / "secret"), f"{NAME}_FILE")
    assert env.secret(NAME) == "from a file"


def test_a_secret_given_twice_is_refused_without_showing_it(given, tmp_path):
    given("open sesame")
    given(str(tmp_path / "secret"), f"{NAME}_FILE")
    with pytest.raises(SettingRefused, match=f"{NAME}_FILE must be left out when {NAME} is set") as refused:
        env.secret(NAME)
    assert "sesame" not in str(refused.value)


@pytest.mark.parametrize("content", [None, b"", b"  \n", b"\xff\xfe\x00"])
def test_a_secret_file_that_holds_no_text_is_refused(given, tmp_path, content):
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    given(str(path), f"{NAME}_FILE")
    with pytest.raises(SettingRefused, match=f"{NAME}_FILE must be the path of a"):
        env.secret(NAME)


def test_a_child_gets_our_environment_without_what_it_must_not_have(given):
    given("kept")
    given("owner", "DATABASE_OWNER_URL")
    made = env.child(without={"DATABASE_OWNER_URL"}, EXTRA="more")
    assert (made[NAME], made["EXTRA"], "DATABASE_OWNER_URL" in made) == ("kept", "more", False)


def names_read() -> set[str]:
    """Every name that the product reads through env, by the literal in its source."""
    readers = {"text", "flag", "number", "secret", "choice", "folder", "listed"}
    found = set()
    for path in ROOT.joinpath("complere").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in readers:
                reader = node.func.value
                if isinstance(reader, ast.Name) and reader.id == "env" and node.args:
                    found |= {
                        leaf.value for leaf in ast.walk(node.args[0])
                        if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str)
                    }  # fmt: skip
    return found


def names_in_example() -> set[str]:
    return set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def test_the_example_names_every_variable_that_is_read():
    assert names_read() - names_in_example() == set()


def test_the_example_names_no_variable_that_nobody_reads():
    elsewhere = "".join((ROOT / name).read_text() for name in ("docker-compose.yml", "complere/deploy/web.sh"))
    unread = {name for name in names_in_example() - names_read() if f"${{{name}" not in elsewhere}
    assert unread == set()


@pytest.mark.parametrize(("value", "wanted"), [("", []), ("a:1", ["a:1"]), (" a:1 , b:2,", ["a:1", "b:2"])])
def test_a_list_is_separated_by_commas(monkeypatch, value, wanted):
    monkeypatch.setenv("SOME_LIST", value)
    assert env.listed("SOME_LIST") == wanted
