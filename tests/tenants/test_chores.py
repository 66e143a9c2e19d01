import pytest

from tenants import chores


@pytest.fixture(autouse=True)
def registry(monkeypatch):
    monkeypatch.setattr(chores, "_chores", {})


def chore(name: str) -> chores.Chore:
    return chores.Chore(name, run=lambda now: 0, next_due=lambda: None)


def test_chores_run_in_the_order_in_which_they_were_registered():
    for name in ("deadlines", "outbox", "contacts"):
        chores.register(chore(name))
    assert [known.name for known in chores.every()] == ["deadlines", "outbox", "contacts"]


def test_registering_a_name_again_replaces_the_chore_and_keeps_its_place():
    first, again = chore("outbox"), chore("outbox")
    chores.register(first)
    chores.register(chore("contacts"))
    chores.register(again)
    assert chores.every()[0] is again
    assert [known.name for known in chores.every()] == ["outbox", "contacts"]
