"""The offline verifier against every way of bending an export."""

import base64
import zipfile
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.export.content import verify
from audit.merkle import notes, tree
from tests.audit.export import specimen
from tests.audit.export.bending import LINES, PIN, WHOLE, altered, found, kinds, texts
from tests.audit.export.specimen import KEY, ORIGIN


@pytest.mark.req("AT-15")
@pytest.mark.req("P11-10b")
class TestAnHonestExport:
    def test_a_zip_and_a_folder_hold(self, tmp_path):
        path = WHOLE.write(tmp_path / "export.zip")
        with zipfile.ZipFile(path) as packed:
            packed.extractall(tmp_path / "folder")
        for each in (path, str(tmp_path / "folder")):
            report = verify.verify(each, [KEY.vkey], PIN)
            assert (report.problems, report.notices) == ([], [])
            assert report.facts == {
                "origin": ORIGIN,
                "schema": specimen.SCHEMA,
                "size": 600,
                "first": 0,
                "stop": 600,
                "root": base64.b64encode(tree.root(WHOLE.leaves)).decode(),
                "signed_by": KEY.vkey,
                "heads": 7,
                "events": 600,
                "records": 5,
            }

    @pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 512])
    def test_logs_of_every_shape_hold(self, size, tmp_path):
        assert found(specimen.specimen(LINES[:size]), tmp_path, pins={}) == []

    @pytest.mark.parametrize(("first", "last"), [(0, 100), (100, 200), (255, 257), (300, 600), (599, 600), (40, 40)])
    def test_the_events_of_a_period_are_proven_by_the_tiles_of_all(self, first, last, tmp_path):
        part = specimen.period(WHOLE, first, last)
        report = verify.verify(part.write(tmp_path / "part.zip"), [KEY.vkey], PIN)
        assert report.problems == []
        assert report.notices == [f"Only {last - first} of 600 events are in this export, from {first} to {last - 1}."]

    def test_what_it_cannot_show_is_said(self, tmp_path):
        export = replace(WHOLE, extra={"anchors/300.tsr": b"token"})
        report = verify.verify(export.write(tmp_path / "export.zip"))
        assert report.problems == []
        assert [notice.split(":")[0] for notice in report.notices] == [
            "The key was taken from the export itself",
            "You gave no head that you noted earlier",
            "1 files of outside evidence in anchors/ are not checked here.",
        ]

    def test_a_rotated_key_holds_with_the_new_one(self, tmp_path):
        new = notes.SignerKey.new(ORIGIN)
        export = replace(WHOLE, checkpoint=specimen.note(600, tree.root(WHOLE.leaves), new), keys=[KEY.vkey, new.vkey])
        assert found(export, tmp_path, vkeys=[new.vkey]) == []

    def test_signatures_of_witnesses_are_passed_over(self, tmp_path):
        witness = notes.SignerKey.new("witness.example")
        text = WHOLE.checkpoint.split("\n\n")[0] + "\n"
        assert found(replace(WHOLE, checkpoint=notes.sign(text, witness, KEY)), tmp_path) == []

    def test_changes_of_the_structure_do_not_look_like_changes_of_the_values(self, tmp_path):
        structure = specimen.event(2, "", 1, "S", None, None, obj="privacy_incident", statement="ALTER TABLE …")
        for key in ("old", "new"):
            del structure[key]
        row = {"id": "1", "a": 1}
        events = [
            specimen.event(1, "1", 1, "I", None, row),
            structure,
            specimen.event(3, "1", 2, "U", {"a": "1"}, {"id": "1", "a": "2", "b": 3}, schema="decade"),
            specimen.event(4, "1", 3, "D", {"id": "1", "a": "2", "b": 3}, None, schema="decade"),
        ]
        assert found(specimen.specimen([specimen.payload(event) for event in events]), tmp_path, pins={}) == []

    def test_a_number_may_be_written_in_another_way(self, tmp_path):
        events = [
            specimen.event(1, "1", 1, "I", None, {"a": 1, "b": [2.50], "c": 1.5, "d": 1e300}),
            specimen.event(2, "1", 2, "U", {"c": 1.5}, {"a": 1.0, "b": [2.5], "c": 2, "d": 1e300}),
            specimen.event(3, "1", 3, "D", {"a": 1, "b": [2.5], "c": 2.0, "d": 1e300}, None),
        ]
        assert found(specimen.specimen([specimen.payload(event) for event in events]), tmp_path, pins={}) == []

    def test_a_record_older_than_the_trail_may_begin_with_a_change(self, tmp_path):
        events = [specimen.event(1, "1", 1, "U", {"a": 1}, {"a": 2}), specimen.event(2, "1", 2, "D", {"a": 2}, None)]
        assert found(specimen.specimen([specimen.payload(event) for event in events]), tmp_path, pins={}) == []


@pytest.mark.req("AT-13")
@pytest.mark.req("P11-10a")
class TestBentEvents:
    """Everything but the events is as it was signed, and the manifest is made to fit."""

    def test_an_altered_event_is_named_with_its_record(self, tmp_path):
        lines = [*LINES[:317], altered(317, reason="Another reason"), *LINES[318:]]
        assert found(WHOLE.with_lines(lines), tmp_path) == [
            ("altered", "event 317 was altered; it reads as privacy_incident 2 version 64 now")
        ]

    def test_several_altered_events_are_named_each(self, tmp_path):
        lines = [altered(i, reason="x") if i in (3, 4, 599) else line for i, line in enumerate(LINES)]
        assert [text[:10] for text in texts(WHOLE.with_lines(lines), tmp_path, "altered")] == [
            "event 3 wa",
            "event 4 wa",
            "event 599 ",
        ]

    def test_a_missing_event_is_named_with_the_gap_it_leaves(self, tmp_path):
        assert found(WHOLE.with_lines(LINES[:317] + LINES[318:]), tmp_path) == [
            ("missing", "event 317 is missing"),
            ("gap", "event 321, privacy_incident 2 version 65, follows version 63 of its record"),
        ]

    def test_missing_events_in_a_row_are_named_together(self, tmp_path):
        lines = LINES[:10] + LINES[15:100] + LINES[101:]
        assert texts(WHOLE.with_lines(lines), tmp_path, "missing") == [
            "events 10 to 14 are missing",
            "event 100 is missing",
        ]

    def test_an_inserted_event_is_named(self, tmp_path):
        forged = specimen.payload(specimen.event(40, "new", 1, "I", None, {"a": 1}))
        assert found(WHOLE.with_lines([*LINES[:40], forged, *LINES[40:]]), tmp_path) == [
            ("inserted", "line 41 was inserted before event 40; it reads as privacy_incident new version 1")
        ]

    def test_an_event_given_twice_is_named(self, tmp_path):
        lines = [*LINES[:41], LINES[40], *LINES[41:]]
        assert texts(WHOLE.with_lines(lines), tmp_path, "inserted") == [
            "line 42 was inserted before event 41; it reads as privacy_incident 0 version 9"
        ]

    def test_an_event_added_at_the_end_is_named(self, tmp_path):
        forged = specimen.payload(specimen.event(700, "new", 1, "I", None, {"a": 1}))
        assert found(WHOLE.with_lines([*LINES, forged]), tmp_path) == [
            ("inserted", "line 601 was inserted before event 600; it reads as privacy_incident new version 1")
        ]

    @pytest.mark.parametrize(("a", "b"), [(40, 41), (40, 42), (7, 512), (0, 599)])
    def test_two_events_in_each_others_place_are_named(self, a, b, tmp_path):
        lines = [*LINES]
        lines[a], lines[b] = lines[b], lines[a]
        export = WHOLE.with_lines(lines)
        assert texts(export, tmp_path, "swapped") == [f"events {a} and {b} stand in each other's place"]
        assert kinds(export, tmp_path) <= {"swapped", "gap", "time"}

    def test_a_moved_event_is_named(self, tmp_path):
        lines = [*LINES[:40], *LINES[41:300], LINES[40], *LINES[300:]]
        assert texts(WHOLE.with_lines(lines), tmp_path, "moved") == [
            "event 40, privacy_incident 0 version 9, was moved to line 300"
        ]
        back = [*LINES[:40], LINES[300], *LINES[40:300], *LINES[301:]]
        assert texts(WHOLE.with_lines(back), tmp_path, "moved") == [
            "event 300, privacy_incident 0 version 61, was moved to line 41"
        ]

    @pytest.mark.parametrize(("kept", "said"), [(599, "event 599 is missing"), (550, "events 550 to 599 are missing")])
    def test_a_tail_that_was_cut_off_is_named(self, kept, said, tmp_path):
        assert found(WHOLE.with_lines(LINES[:kept]), tmp_path) == [("truncated", f"{said}: the end was cut off")]

    def test_different_damage_in_one_file_is_told_apart(self, tmp_path):
        lines = [*LINES]
        lines[100], lines[200] = lines[200], lines[100]
        lines[400] = altered(400, reason="x")
        del lines[300]
        del lines[20]
        export = WHOLE.with_lines(lines)
        assert texts(export, tmp_path, "swapped") == ["events 100 and 200 stand in each other's place"]
        assert texts(export, tmp_path, "missing") == ["event 20 is missing", "event 300 is missing"]
        assert [text[:21] for text in texts(export, tmp_path, "altered")] == ["event 400 was altered"]

    def test_damage_within_a_period_is_named_by_its_place_in_the_log(self, tmp_path):
        part = specimen.period(WHOLE, 200, 300)
        lines = [*part.lines[:50], altered(250, reason="x"), *part.lines[51:]]
        assert found(part.with_lines(lines), tmp_path) == [
            ("altered", "event 250 was altered; it reads as privacy_incident 0 version 51 now")
        ]

    def test_without_tiles_the_signed_heads_narrow_the_place_down(self, tmp_path):
        lines = [*LINES[:317], altered(317, reason="x"), *LINES[318:]]
        bent = specimen.specimen(lines)
        export = WHOLE.with_lines(lines, tiles=bent.tiles)
        assert found(export, tmp_path) == [
            ("root", "these events do not give the signed root: the first 300 do, the first 512 do not")
        ]
        without = found(WHOLE.with_lines(lines, tiles={}), tmp_path)
        assert [kind for kind, _ in without] == ["tile", "root"]

    def test_a_whole_log_is_proven_without_tiles_as_well_and_their_absence_named(self, tmp_path):
        assert found(replace(WHOLE, tiles={}), tmp_path) == [
            ("tile", "tile/0/000 is missing"),
            ("tile", "tile/1/000.p/2 is missing"),
        ]

    def test_a_period_without_tiles_is_not_proven(self, tmp_path):
        assert found(replace(specimen.period(WHOLE, 5, 9), tiles={}), tmp_path) == [("tile", "tile/0/000 is missing")]

    def test_a_large_export_is_read_by_several_processes_with_the_same_result(self, tmp_path, monkeypatch):
        monkeypatch.setattr(verify, "LARGE", 0)
        monkeypatch.setattr(verify, "CHUNK", 10_000)
        assert found(WHOLE, tmp_path) == []
        assert found(WHOLE.with_lines([*LINES[:317], b"{}", *LINES[318:500]]), tmp_path) == [
            ("altered", "event 317 was altered; it reads as no event now"),
            ("truncated", "events 500 to 599 are missing: the end was cut off"),
            ("malformed", "event 317 is malformed: KeyError('obj')"),
            ("gap", "event 322, privacy_incident 2 version 65, follows version 63 of its record"),
        ]

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_any_other_sequence_of_lines_is_noticed(self, data, tmp_path):
        lines = LINES[:40]
        whole = specimen.specimen(lines)
        order = data.draw(st.lists(st.integers(0, 39), max_size=45).filter(lambda order: order != list(range(40))))
        assert found(whole.with_lines([lines[n] for n in order]), tmp_path, pins={}) != []


class TestDifferences:
    @given(st.data())
    def test_what_is_said_leads_from_the_one_to_the_other(self, data):
        proven = [b"%d" % n for n in range(data.draw(st.integers(0, 12)))]
        given_lines = data.draw(st.lists(st.sampled_from([*proven, b"x", b"y"]), max_size=14))
        what = list(verify.differences(proven, given_lines))
        assert (what == []) == (proven == given_lines)
        gains = sum(kind == "inserted" for kind, _, _ in what) - sum(kind == "missing" for kind, _, _ in what)
        assert gains == len(given_lines) - len(proven)

    @given(st.data())
    def test_an_exchange_of_two_is_said_to_be_one(self, data):
        proven = [b"%d" % n for n in range(data.draw(st.integers(2, 40)))]
        a, b = sorted(data.draw(st.sets(st.integers(0, len(proven) - 1), min_size=2, max_size=2)))
        bent = [*proven]
        bent[a], bent[b] = bent[b], bent[a]
        assert list(verify.differences(proven, bent)) == [("swapped", a, b)]

    @given(st.data())
    def test_what_is_taken_out_is_said_to_be_missing(self, data):
        proven = [b"%d" % n for n in range(data.draw(st.integers(1, 40)))]
        gone = data.draw(st.sets(st.sampled_from(range(len(proven))), min_size=1))
        left = [leaf for n, leaf in enumerate(proven) if n not in gone]
        assert [(kind, i) for kind, i, _ in verify.differences(proven, left)] == [("missing", i) for i in sorted(gone)]
