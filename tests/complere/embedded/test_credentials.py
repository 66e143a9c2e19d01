"""Secrets of a data folder: made once, and completed when a release needs one more."""

import json

from complere.embedded import credentials


def test_a_folder_keeps_its_secrets(tmp_path):
    assert credentials.of(tmp_path) == credentials.of(tmp_path)


def test_a_folder_of_an_earlier_release_gets_what_it_lacks_and_keeps_the_rest(tmp_path):
    made = credentials.of(tmp_path)
    path = tmp_path / credentials.FILE
    kept = json.loads(path.read_text())
    del kept["log_key"]
    path.write_text(json.dumps(kept))
    completed = credentials.of(tmp_path)
    assert (completed.root_key, completed.superuser_password) == (made.root_key, made.superuser_password)
    assert completed.log_key not in {"", made.log_key}
    assert credentials.of(tmp_path) == completed
    assert path.stat().st_mode & 0o777 == 0o600


def test_no_two_keys_are_the_same(tmp_path):
    keys = credentials.of(tmp_path).settings().values()
    assert len(set(keys)) == len(keys) == 4
