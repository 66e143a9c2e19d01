"""The walk over a log agrees with the tree of RFC 6962, and points to what is wrong in it."""

from hashlib import sha256

from hypothesis import given, settings
from hypothesis import strategies as st

from audit.merkle import tree
from audit.verification.hashing import Row, Span, Walk


def log_of(size):
    payloads = [f"event {n}".encode() for n in range(size)]
    return [Row(n, sha256(b"\x00" + payload).digest(), payload, True) for n, payload in enumerate(payloads)]


def heads_of(rows, sizes):
    return {size: [tree.root([row.hash for row in rows[:size]])] for size in sizes}


def tiles_of(rows):
    frontier = tree.Frontier()
    return {block.n: block.hash for block in frontier.extend([row.hash for row in rows]) if block.level == 1}


def walked(rows, tiles, heads, step=100):
    walk = Walk(tiles)
    for start in range(0, len(rows), step):
        walk.feed(rows[start : start + step], heads)
    return walk


def test_an_empty_log_has_the_root_of_an_empty_tree():
    assert Walk({}).root() == tree.EMPTY_ROOT


@given(st.integers(1, 1300), st.lists(st.integers(1, 1300), max_size=8), st.integers(1, 700))
@settings(max_examples=40, deadline=None)
def test_a_whole_log_reproduces_every_head_however_it_is_cut_into_parts(size, sizes, step):
    rows = log_of(size)
    heads = heads_of(rows, {each for each in sizes if each <= size} | {size})
    walk = walked(rows, tiles_of(rows), heads, step)
    assert walk.root() == heads[size][0]
    assert sorted(walk.heads_right) == sorted(heads)
    assert (walk.doubtful, walk.lost, walk.tiles_wrong, walk.heads_wrong, walk.spans()) == ([], [], [], [], [])


@given(st.integers(0, 999))
@settings(max_examples=40, deadline=None)
def test_one_other_leaf_is_found_between_the_heads_around_it_and_hides_nothing_behind(at):
    rows = log_of(1000)
    heads, tiles = heads_of(rows, range(50, 1001, 50)), tiles_of(rows)
    payload = b"another"
    rows[at] = Row(at, sha256(b"\x00" + payload).digest(), payload, True)
    walk = walked(rows, tiles, heads)
    (span,) = walk.spans()
    assert span.start <= at < span.stop
    assert span.stop - span.start <= 50
    later = [size for size in heads if size // 256 > at // 256 and at < 768]
    assert set(later) <= set(walk.heads_right)


def test_bytes_that_are_not_those_of_their_leaf_are_doubtful_and_leave_the_tree_whole():
    rows = log_of(300)
    heads, tiles = heads_of(rows, [300]), tiles_of(rows)
    rows[7] = rows[7]._replace(payload=b"another")
    rows[8] = rows[8]._replace(plain=False)
    rows[9] = rows[9]._replace(payload=None)
    walk = walked(rows, tiles, heads)
    assert walk.doubtful == [(7, False), (8, True), (9, False)]
    assert walk.spans() == []


def test_places_that_are_gone_are_counted_and_later_blocks_still_hold():
    rows = log_of(600)
    heads, tiles = heads_of(rows, [100, 300, 600]), tiles_of(rows)
    walk = walked([row for row in rows if row.idx not in (120, 121)], tiles, heads)
    assert walk.lost == [120, 121]
    assert walk.spans() == [Span(100, 256)]
    assert walk.heads_right == [100, 300, 600]


def test_a_head_that_differs_alone_is_told_alone():
    rows = log_of(300)
    heads = heads_of(rows, [100, 290, 300])
    heads[290] = [sha256(b"x").digest()]
    walk = walked(rows, tiles_of(rows), heads)
    assert (walk.heads_alone(), walk.spans()) == ([290], [])
