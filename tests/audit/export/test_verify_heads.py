"""The offline verifier against bent heads, stories and files."""

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.export.content import verify
from audit.merkle import notes, tree
from tests.audit.export import specimen
from tests.audit.export.bending import EVENTS, LINES, PIN, WHOLE, altered, found, in_any_file, kinds, resigned, texts
from tests.audit.export.specimen import KEY, ORIGIN


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
