"""The offline verifier against every way of bending an export."""

import ast
import base64
import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.export.content import verify
from audit.merkle import notes, tiles, tree
from tests.audit.export import specimen
from tests.audit.export.specimen import KEY, ORIGIN, Specimen

SCRIPT = Path(verify.__file__)
EVENTS = specimen.story(600)
LINES = [specimen.payload(event) for event in EVENTS]
WHOLE = specimen.specimen(LINES, heads=[1, 100, 256, 300, 512, 599])
PIN = {300: tree.root(WHOLE.leaves[:300])}

in_any_file = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def found(export: Specimen, tmp_path: Path, **given) -> list[tuple[str, str]]:
    report = verify.verify(export.write(tmp_path / "export.zip"), **{"vkeys": [KEY.vkey], "pins": PIN, **given})
    return [(problem["kind"], problem["text"]) for problem in report.problems]


def kinds(export: Specimen, tmp_path: Path, **given) -> set[str]:
    return {kind for kind, _ in found(export, tmp_path, **given)}


def texts(export: Specimen, tmp_path: Path, kind: str, **given) -> list[str]:
    return [text for each, text in found(export, tmp_path, **given) if each == kind]


def altered(index: int, **changed) -> bytes:
    return specimen.payload({**EVENTS[index], **changed})


def resigned(lines: list[bytes], heads: list[int] | None = None) -> Specimen:
    """What the holder of the signing key would make of other events."""
    return specimen.specimen(lines, heads=[1, 100, 256, 300, 512] if heads is None else heads)


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


@pytest.mark.req("AT-13")
class TestBentHeads:
    def test_a_checkpoint_with_another_size_or_root_has_a_wrong_signature(self, tmp_path):
        for bent in (WHOLE.checkpoint.replace("\n600\n", "\n599\n"), WHOLE.checkpoint.replace("\n", "\nA", 2)):
            assert texts(replace(WHOLE, checkpoint=bent), tmp_path, "signature") != []
        size = WHOLE.checkpoint.replace("\n600\n", "\n599\n")
        assert found(replace(WHOLE, checkpoint=size), tmp_path) == [
            ("signature", f"the signature of {ORIGIN} is wrong")
        ]

    def test_a_checkpoint_that_a_stranger_signed_is_named(self, tmp_path):
        forged = specimen.note(600, tree.root(WHOLE.leaves), notes.SignerKey.new(ORIGIN))
        assert found(replace(WHOLE, checkpoint=forged), tmp_path) == [("signature", "no known key has signed it")]

    def test_a_key_that_is_not_the_one_of_the_contract_is_named(self, tmp_path):
        stranger = notes.SignerKey.new(ORIGIN)
        export = specimen.specimen(LINES, key=stranger)
        assert found(export, tmp_path) == [
            ("key", f"checkpoint is signed by {stranger.vkey}, which is not the key you gave")
        ]
        assert found(export, tmp_path, vkeys=[]) == []

    def test_a_bent_earlier_checkpoint_is_named_by_its_line(self, tmp_path):
        size, note = WHOLE.checkpoints[2]
        bent = [*WHOLE.checkpoints[:2], (size, note.replace("\n256\n", "\n255\n")), *WHOLE.checkpoints[3:]]
        assert found(replace(WHOLE, checkpoints=bent), tmp_path) == [
            ("signature", f"line 3 of checkpoints.jsonl: the signature of {ORIGIN} is wrong")
        ]
        bent[2] = (257, note)
        assert found(replace(WHOLE, checkpoints=bent), tmp_path) == [
            ("signature", "line 3 of checkpoints.jsonl: its note is for 256 events")
        ]

    @pytest.mark.parametrize("size", [300, 600])
    def test_two_roots_for_one_size_are_a_fork(self, size, tmp_path):
        fork = (size, specimen.note(size, bytes(32)))
        assert found(replace(WHOLE, checkpoints=[*WHOLE.checkpoints, fork]), tmp_path) == [
            ("two roots", f"two different roots were signed for {size} events: the log was forked")
        ]

    def test_a_signed_head_that_the_events_do_not_have_is_named(self, tmp_path):
        heads = [*WHOLE.checkpoints, (200, specimen.note(200, bytes(32)))]
        assert found(replace(WHOLE, checkpoints=heads), tmp_path) == [
            ("rewritten", "a signed head at 200 events has another root: the log was rewritten since")
        ]

    def test_a_log_cut_back_below_a_signed_head_is_named(self, tmp_path):
        cut = replace(specimen.specimen(LINES[:500], heads=[300]), checkpoints=WHOLE.checkpoints)
        assert found(cut, tmp_path) == [
            ("cut", "a signed head has 512 events and the newest here 500: the log was cut back"),
            ("cut", "a signed head has 599 events and the newest here 500: the log was cut back"),
            ("cut", "a signed head has 600 events and the newest here 500: the log was cut back"),
        ]

    def test_a_log_cut_back_below_a_pinned_head_is_named(self, tmp_path):
        assert found(resigned(LINES[:200], heads=[100]), tmp_path) == [
            ("cut", "the head you hold has 300 events and the newest here 200: the log was cut back")
        ]

    def test_what_the_holder_of_the_key_rewrites_is_seen_with_a_pin_and_not_without(self, tmp_path):
        forged = resigned([*LINES[:99], altered(99, reason="Never happened"), *LINES[100:]])
        assert found(forged, tmp_path, pins={}) == []
        assert found(forged, tmp_path) == [
            ("rewritten", "the head you hold at 300 events has another root: the log was rewritten since")
        ]

    def test_a_checkpoint_of_another_log_is_named(self, tmp_path):
        other = (9, specimen.note(9, bytes(32), origin="trust.example/log/other"))
        assert found(replace(WHOLE, checkpoints=[*WHOLE.checkpoints, other]), tmp_path) == [
            ("foreign", "line 8 of checkpoints.jsonl is a checkpoint of trust.example/log/other")
        ]
        assert kinds(replace(WHOLE, checkpoint=other[1]), tmp_path) == {"signature"}

    def test_a_log_that_was_opened_anew_after_a_restore_says_so(self, tmp_path):
        before = f"{ORIGIN}/before"
        kept, lost = tree.root(WHOLE.leaves[:300]), bytes(32)
        old = [
            (size, specimen.note(size, root, origin=before)) for size, root in [(300, kept), (599, lost), (700, lost)]
        ]
        export = replace(WHOLE, checkpoints=[*old, *WHOLE.checkpoints], manifest={"earlier_origins": [before]})
        report = verify.verify(export.write(tmp_path / "export.zip"), [KEY.vkey], PIN)
        assert report.problems == []
        assert report.notices == [f"The log was opened anew after {before}: 2 of its signed heads are not in this one."]

    def test_a_pin_from_before_a_restore_is_not_passed_over(self, tmp_path):
        export = replace(WHOLE, manifest={"earlier_origins": [f"{ORIGIN}/before"]})
        assert kinds(export, tmp_path, pins={700: bytes(32)}) == {"cut"}

    def test_many_heads_are_judged_like_few(self, tmp_path, monkeypatch):
        monkeypatch.setattr(verify, "MANY_HEADS", 5)
        assert found(WHOLE, tmp_path) == []
        bent = [*WHOLE.checkpoints[:2], (5, "nonsense"), *WHOLE.checkpoints[3:]]
        assert found(replace(WHOLE, checkpoints=bent), tmp_path) == [
            ("signature", "line 3 of checkpoints.jsonl: it is no signed note")
        ]


@pytest.mark.req("AT-07")
@pytest.mark.req("AT-09")
@pytest.mark.req("AT-11")
class TestStoriesThatDoNotHold:
    """Signed by the holder of the key: the tree is in order, what it says is not."""

    def test_a_gap_in_the_versions_of_a_record(self, tmp_path):
        lines = [line for number, line in enumerate(LINES) if number != 317]
        assert found(resigned(lines, []), tmp_path, pins={}) == [
            ("gap", "event 321, privacy_incident 2 version 65, follows version 63 of its record")
        ]

    def test_a_record_that_begins_late(self, tmp_path):
        assert found(resigned(LINES[1:], []), tmp_path, pins={}) == [
            ("gap", "event 4, privacy_incident 0 version 2, is the first of its record: earlier versions are missing")
        ]

    def test_a_version_given_twice(self, tmp_path):
        again = specimen.payload({**EVENTS[317], "reason": "Again"})
        assert texts(resigned([*LINES[:318], again, *LINES[318:]], []), tmp_path, "gap", pins={}) == [
            "event 318, privacy_incident 2 version 64, follows version 64 of its record"
        ]

    @pytest.mark.parametrize(
        ("op", "old", "new"),
        [
            ("U", {"a": 2}, {"id": 1, "a": 3, "b": [1]}),
            ("U", {}, {"id": 1, "a": 2, "b": [1]}),
            ("U", {"a": 1}, {"id": 1, "a": 2, "b": [2]}),
            ("U", {"a": "1"}, {"id": 1, "a": 2, "b": [1]}),
            ("U", {"a": 1}, {"id": 1, "a": 2, "b": [1], "c": 1}),
            ("U", {"a": 1}, {"id": 1, "a": 2}),
            ("D", {"id": 1, "a": 2, "b": [1]}, None),
            ("I", None, {"id": 1, "a": 1, "b": [1]}),
        ],
    )
    def test_old_values_that_the_version_before_did_not_leave(self, op, old, new, tmp_path):
        events = [
            specimen.event(1, "1", 1, "I", None, {"id": 1, "a": 1, "b": [1]}),
            specimen.event(2, "1", 2, op, old, new),
        ]
        assert found(specimen.specimen([specimen.payload(each) for each in events]), tmp_path, pins={}) == [
            ("values", f"event 1, privacy_incident 1 version 2, ({op}) does not follow from what version 1 left")
        ]

    def test_a_deleted_record_is_not_changed(self, tmp_path):
        events = [
            specimen.event(1, "1", 1, "I", None, {"a": 1}),
            specimen.event(2, "1", 2, "D", {"a": 1}, None),
            specimen.event(3, "1", 3, "U", {"a": 1}, {"a": 2}),
        ]
        assert kinds(specimen.specimen([specimen.payload(each) for each in events]), tmp_path, pins={}) == {"values"}

    def test_time_that_goes_back_beyond_the_tolerance(self, tmp_path):
        back = EVENTS[50]["at"]
        lines = [*LINES[:400], altered(400, at=back), *LINES[401:]]
        bent = resigned(lines, [])
        assert found(bent, tmp_path, pins={}) == [
            (
                "time",
                f"event 400, privacy_incident 0 version 81, is dated {back}, 349 seconds before the event before it",
            )
        ]
        assert found(bent, tmp_path, pins={}, tolerance=349) == []

    def test_an_event_of_another_tenant(self, tmp_path):
        lines = [*LINES[:400], altered(400, tenant="t_other"), *LINES[401:]]
        assert found(resigned(lines, []), tmp_path, pins={}) == [
            ("foreign", "event 400, privacy_incident 0 version 81, is no event of t_specimen0001")
        ]

    @pytest.mark.parametrize(
        "line",
        [
            b"",
            b"{}",
            b"[]",
            b"null",
            b"\xff",
            b"{" * 100_000,
            b"[" * 100_000,
            LINES[400][:-1],
            altered(400, ver="81"),
            altered(400, obj=["a"]),
            altered(400, pk=5),
            altered(400, new="text"),
            altered(400, at="yesterday"),
            altered(400, at="2026-03-02T09:06:40+02:00"),
            altered(400, at="2026-03-02 09:06:40+00:00"),
            altered(400, at=None),
        ],
    )
    def test_a_line_that_is_no_event(self, line, tmp_path):
        said = texts(resigned([*LINES[:400], line, *LINES[401:]], []), tmp_path, "malformed", pins={})
        assert [text[:23] for text in said] == ["event 400 is malformed:"]

    @pytest.mark.parametrize("line", [LINES[400] + b" {}", altered(400, v=2), altered(400, op="X")])
    def test_a_line_that_is_more_or_other_than_an_event(self, line, tmp_path):
        assert texts(resigned([*LINES[:400], line, *LINES[401:]], []), tmp_path, "foreign", pins={}) == [
            "event 400, privacy_incident 0 version 81, is no event of t_specimen0001"
        ]


@pytest.mark.req("P11-10a")
class TestBentFiles:
    @in_any_file
    @given(data=st.data())
    def test_any_byte_changed_in_any_file_is_noticed_and_the_file_named(self, data, tmp_path):
        files = WHOLE.files()
        name = data.draw(st.sampled_from(sorted(files)))
        content = bytearray(files[name])
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] ^= data.draw(st.integers(1, 255))
        path = specimen.archive(tmp_path / "export.zip", {**files, name: bytes(content)})
        report = verify.verify(path, [KEY.vkey], PIN)
        assert report.count > 0
        assert any(
            name.removesuffix(".sha256") in problem["text"] or name == "manifest.sha256" for problem in report.problems
        )

    @in_any_file
    @given(data=st.data())
    def test_any_byte_changed_in_what_is_proven_is_noticed_when_the_manifest_is_made_to_fit(self, data, tmp_path):
        files = WHOLE.files()
        proven = [name for name in files if name.startswith("tile/") or name in {"events.jsonl", "checkpoint"}]
        name = data.draw(st.sampled_from(proven))
        content = bytearray(files[name])
        at = data.draw(st.integers(0, len(content) - 2))
        content[at] ^= data.draw(st.integers(1, 255))
        bent = {each: text for each, text in files.items() if not each.startswith("manifest.")}
        path = specimen.archive(
            tmp_path / "export.zip", specimen.sealed({**bent, name: bytes(content)}, WHOLE.described())
        )
        said = {problem["kind"] for problem in verify.verify(path, [KEY.vkey], PIN).problems}
        expected = {"checkpoint": {"signature"}, "events.jsonl": {"altered", "inserted", "missing", "truncated"}}
        assert said & expected.get(name, {"tile"})

    def test_a_missing_file_and_an_added_one_are_named(self, tmp_path):
        files = replace(WHOLE, extra={"README.txt": b"read me"}).files()
        del files["README.txt"]
        path = specimen.archive(tmp_path / "export.zip", {**files, "extra.txt": b"x", ".DS_Store": b"x"})
        assert [problem["text"] for problem in verify.verify(path).problems] == [
            "README.txt is missing",
            "extra.txt is not in the manifest: it was added",
        ]

    def test_a_file_that_is_there_twice_is_named(self, tmp_path):
        path = WHOLE.write(tmp_path / "export.zip")
        with zipfile.ZipFile(path, "a") as packed, pytest.warns(UserWarning, match="Duplicate name"):
            packed.writestr("events.jsonl", b"other")
        said = {problem["text"] for problem in verify.verify(path).problems}
        assert said == {"events.jsonl is there more than once"}

    def test_a_damaged_archive_names_the_file_in_it(self, tmp_path):
        path = Path(WHOLE.write(tmp_path / "export.zip"))
        data = path.read_bytes()
        path.write_bytes(data.replace(LINES[317][:200], b"#" * 200))
        said = {problem["text"] for problem in verify.verify(str(path)).problems}
        assert said == {"events.jsonl cannot be read: Bad CRC-32 for file 'events.jsonl'"}

    def test_a_damaged_tile_is_named_and_the_events_stay_proven(self, tmp_path):
        path = "tile/0/001"
        bent = {**WHOLE.tiles, path: WHOLE.tiles[path][:-1] + b"x"}
        assert found(replace(WHOLE, tiles=bent), tmp_path) == [
            ("tile", "tile/0/001 was altered; the events it is about are as signed")
        ]
        upper = {**WHOLE.tiles, "tile/1/000.p/2": bytes(64)}
        assert found(replace(WHOLE, tiles=upper), tmp_path) == [
            ("tile", "the tiles of level 1 are not those of this log")
        ]
        short = {**WHOLE.tiles, path: WHOLE.tiles[path][:-1]}
        assert found(replace(WHOLE, tiles=short), tmp_path) == [
            ("tile", "the tiles of level 0 do not hold as many hashes as their names say")
        ]

    @pytest.mark.parametrize(
        "manifest",
        [
            {"format": "complere-trail/2"},
            {"size": "600"},
            {"count": 601},
            {"count": -1},
            {"from_index": 1},
            {"keys": None},
            {"origin": 5},
        ],
    )
    def test_a_manifest_that_does_not_describe_an_export_is_refused(self, manifest, tmp_path):
        assert kinds(replace(WHOLE, manifest=manifest), tmp_path) == {"manifest"}

    @pytest.mark.parametrize("keys", [["nonsense"], [5], [KEY.vkey.replace("A", "B", 1)]])
    def test_keys_that_are_none_are_named(self, keys, tmp_path):
        assert "signature" in kinds(replace(WHOLE, keys=keys), tmp_path)

    def test_keys_that_differ_between_files_are_named(self, tmp_path):
        export = replace(WHOLE, manifest={"keys": [KEY.vkey, notes.SignerKey.new(ORIGIN).vkey]})
        assert found(export, tmp_path) == [("key", "keys.json and manifest.json name different keys")]

    def test_much_damage_is_counted_and_not_all_of_it_listed(self, tmp_path):
        report = verify.verify(WHOLE.with_lines([b"x"] * 600).write(tmp_path / "export.zip"))
        assert (report.count, len(report.problems)) == (1200, 2 * verify.MOST_NAMED)
        assert "... and 1000 more." in report.text()


class TestTheSameArithmeticAsTheLibrary:
    @given(st.lists(st.binary(max_size=4), max_size=600), st.data())
    def test_roots(self, entries, data):
        leaves = [tree.leaf_hash(entry) for entry in entries]
        size = data.draw(st.integers(0, len(leaves)))
        assert verify.root_at(verify.levels_of(leaves), size) == tree.root(leaves[:size])

    @given(size=st.integers(1, 1 << 40), data=st.data())
    def test_paths_of_tiles(self, size, data):
        n = data.draw(st.integers(0, (size - 1) // 256))
        assert verify.tile_path(0, n, size) == tiles.Tile(0, n, min(256, size - n * 256)).path

    @given(size=st.integers(0, 1 << 63), root=st.binary(min_size=32, max_size=32))
    @settings(max_examples=20, deadline=None)
    def test_checkpoints(self, size, root):
        assert verify.read_head(specimen.note(size, root), [KEY.vkey]) == (ORIGIN, size, root, (KEY.vkey,))

    @pytest.mark.parametrize("vkey", ["", "a+b", KEY.vkey[:-1], KEY.vkey.replace(ORIGIN, "x"), "x y+" + KEY.vkey[-53:]])
    def test_keys_that_are_none(self, vkey):
        with pytest.raises(verify.Refused):
            verify.read_vkey(vkey)
        with pytest.raises(notes.KeyRefused):
            notes.VerifierKey.parse(vkey)

    @pytest.mark.parametrize(
        "bend",
        [
            lambda note: "",
            lambda note: note[:-1],
            lambda note: note + "\n",
            lambda note: note + "more\n",
            lambda note: note.replace("\n600\n", "\n0600\n"),
            lambda note: note.replace("\n600\n", "\n-600\n"),
            lambda note: note.replace("—", "-"),
            lambda note: note.replace("\n\n", "\n\x00\n\n"),
            lambda note: note.replace("\n\n", "\n\ud800\n\n"),
        ],
    )
    def test_notes_that_are_none(self, bend):
        bent = bend(WHOLE.checkpoint)
        with pytest.raises(verify.Refused):
            verify.read_head(bent, [KEY.vkey])
        with pytest.raises(notes.NoteRefused):
            notes.open(bent, [KEY.vkey])

    @pytest.mark.parametrize("text", ["a\n600\n", "a\n0600\nAAAA\n", "a\n1\nAAAA\n", "a\n\n1\nAAAA\n", "only\n"])
    def test_texts_that_are_signed_and_no_checkpoint(self, text):
        with pytest.raises(verify.Refused):
            verify.read_head(notes.sign(text, KEY), [KEY.vkey])


def openssl_accepts(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
PUBLIC = PRIVATE.public_key().public_bytes_raw()
# Every encoding of a point of order 1, 2, 4 or 8, the canonical and the other ones.
SMALL = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]


class TestEd25519:
    @pytest.mark.parametrize(
        ("seed", "public", "message", "signature"),
        [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            ),
        ],
    )
    def test_the_vectors_of_rfc_8032_hold(self, seed, public, message, signature):
        key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))
        assert key.public_key().public_bytes_raw().hex() == public
        assert verify.has_signed(*map(bytes.fromhex, (public, message, signature)))

    @settings(max_examples=25, deadline=None)
    @given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=100))
    def test_what_openssl_signs_is_accepted(self, seed, message):
        key = Ed25519PrivateKey.from_private_bytes(seed)
        assert verify.has_signed(key.public_key().public_bytes_raw(), message, key.sign(message))

    @settings(max_examples=200, deadline=None)
    @given(message=st.binary(max_size=20), at=st.integers(0, 511))
    def test_a_flipped_bit_is_judged_as_openssl_does(self, message, at):
        signature = bytearray(PRIVATE.sign(message))
        signature[at // 8] ^= 1 << at % 8
        assert verify.has_signed(PUBLIC, message, bytes(signature)) is False
        assert openssl_accepts(PUBLIC, message, bytes(signature)) is False
        assert verify.has_signed(PUBLIC, message + b"x", PRIVATE.sign(message)) is False

    @settings(max_examples=50, deadline=None)
    @given(public=st.binary(min_size=32, max_size=32), signature=st.binary(min_size=64, max_size=64))
    def test_arbitrary_keys_and_signatures_are_judged_as_openssl_does(self, public, signature):
        assert verify.has_signed(public, b"m", signature) is openssl_accepts(public, b"m", signature)

    def test_a_signature_with_a_scalar_that_is_too_large_is_refused(self):
        signature = PRIVATE.sign(b"m")
        large = int.from_bytes(signature[32:], "little") + verify.ORDER
        malleable = signature[:32] + large.to_bytes(32, "little")
        assert not verify.has_signed(PUBLIC, b"m", malleable)
        assert not openssl_accepts(PUBLIC, b"m", malleable)

    @pytest.mark.parametrize("point", SMALL)
    def test_keys_and_commitments_of_small_order_are_refused(self, point):
        small = bytes.fromhex(point)
        assert verify.multiples(small) is None
        assert not verify.has_signed(small, b"m", small + bytes(32))
        assert not verify.has_signed(PUBLIC, b"m", small + bytes(32))

    @pytest.mark.parametrize("length", [0, 31, 33])
    def test_keys_and_signatures_of_another_length_are_refused(self, length):
        assert not verify.has_signed(bytes(length), b"m", PRIVATE.sign(b"m"))
        assert not verify.has_signed(PUBLIC, b"m", PRIVATE.sign(b"m")[:length])

    def test_bytes_that_are_no_point_are_refused(self):
        assert verify.decompress((2).to_bytes(32, "little")) is None
        assert verify.decompress((verify.P + 3).to_bytes(32, "little")) is None


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """As an inspector does: this one file, isolated from everything that is installed."""
    command = [sys.executable, "-I", "-S", str(SCRIPT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


class TestTheCommand:
    def test_it_says_that_all_is_well(self, tmp_path):
        pin = f"300:{PIN[300].hex()}"
        done = run(WHOLE.write(tmp_path / "export.zip"), "--vkey", KEY.vkey, "--pin", pin)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines()[-1] == "OK: all of this holds."

    def test_it_names_what_is_wrong(self, tmp_path):
        done = run(WHOLE.with_lines(LINES[:599]).write(tmp_path / "export.zip"))
        assert done.returncode == 1
        assert "TRUNCATED: event 599 is missing: the end was cut off.\n" in done.stdout
        assert done.stdout.splitlines()[-1] == "PROBLEMS: 1. This is not what was signed."

    def test_it_reports_to_programs(self, tmp_path):
        pin = f"300:{base64.b64encode(bytes(32)).decode()}"
        done = run(WHOLE.write(tmp_path / "export.zip"), "--json", "--pin", pin)
        report = json.loads(done.stdout)
        assert done.returncode == 1
        assert report["ok"] is False
        assert [(problem["kind"], problem["index"]) for problem in report["problems"]] == [("rewritten", 300)]
        assert report["facts"]["events"] == 600

    def test_it_says_when_there_is_nothing_to_check(self, tmp_path):
        (tmp_path / "text").write_text("no archive")
        path = WHOLE.write(tmp_path / "export.zip")
        for arguments in [
            (str(tmp_path / "nowhere"),),
            (str(tmp_path),),
            (str(tmp_path / "text"),),
            (path, "--pin", "nonsense"),
            (path, "--pin", "300:short"),
            (path, "--vkey", "nonsense"),
            (path, "--tolerance", "nonsense"),
            (),
        ]:
            assert run(*arguments).returncode == 2, arguments

    def test_it_does_not_let_an_event_steer_the_terminal(self, tmp_path):
        first = altered(0, pk="PK", op="X").replace(b'"PK"', rb'"\u001b[2J\ud800"')
        done = run(resigned([first, *LINES[1:]], []).write(tmp_path / "export.zip"))
        assert done.returncode == 1
        assert "FOREIGN: event 0, privacy_incident ?[2J? version 1, is no event of" in done.stdout
        assert "\x1b" not in done.stdout

    def test_it_is_written_for_python_3_9(self):
        ast.parse(SCRIPT.read_text(), feature_version=(3, 9))

    def test_it_needs_nothing_but_python(self):
        banned = {"audit", "django", "cryptography"}
        imported = {
            line.split()[1].split(".")[0]
            for line in SCRIPT.read_text().splitlines()
            if line.startswith(("import ", "from "))
        }
        assert imported - sys.stdlib_module_names == set()
        assert imported & banned == set()
