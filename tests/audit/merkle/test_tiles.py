import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.merkle import proofs, tiles, tree
from tests.audit.merkle.test_tree import MANY, SHARED

FILES = dict(tiles.files(66_000, SHARED.read))


def test_a_tile_lies_where_the_standard_says():
    assert tiles.path("0", 1_234_067) == "tile/0/x001/x234/067"
    assert tiles.path("0", 0) == "tile/0/000"
    assert tiles.path("entries", 1_000, 3) == "tile/entries/x001/000.p/3"
    assert tiles.Tile(1, 7, 112).path == "tile/1/007.p/112"


def test_a_tree_of_70000_has_the_tiles_that_the_standard_names():
    layout = list(tiles.layout(70_000))
    assert [tile for tile in layout if tile.width < 256] == [
        tiles.Tile(0, 273, 112),
        tiles.Tile(1, 1, 17),
        tiles.Tile(2, 0, 1),
    ]
    assert len(layout) == 273 + 1 + 1 + 1 + 1


def test_the_smallest_trees_have_the_tiles_that_the_standard_names():
    assert list(tiles.layout(0)) == []
    assert list(tiles.layout(1)) == [tiles.Tile(0, 0, 1)]
    assert list(tiles.layout(256)) == [tiles.Tile(0, 0, 256), tiles.Tile(1, 0, 1)]


@given(size=st.integers(0, 1 << 24))
def test_each_level_holds_the_full_blocks_of_the_level_below(size):
    widths: dict[int, int] = {}
    for tile in tiles.layout(size):
        assert tile.width == 256 or tile.n == (size >> 8 * tile.level) // 256
        widths[tile.level] = widths.get(tile.level, 0) + tile.width
    assert widths == {level: size >> 8 * level for level in widths}


def test_the_hashes_of_a_tile_are_its_bytes():
    assert tiles.hashes(FILES["tile/0/000"]) == MANY[:256]
    assert tiles.hashes(FILES["tile/1/000"])[3] == tree.root(MANY[768:1024])
    assert tiles.hashes(FILES["tile/2/000.p/1"]) == [tree.root(MANY[:65_536])]


@pytest.mark.parametrize("content", [b"", b"x" * 31, b"x" * 33, b"x" * 257 * 32])
def test_what_is_no_tile_is_refused(content):
    with pytest.raises(tree.TreeRefused):
        tiles.hashes(content)


@given(data=st.data())
def test_proofs_are_made_from_tiles_alone(data):
    index = data.draw(st.integers(0, 65_999))
    read = tiles.reader(66_000, FILES.__getitem__)
    assert proofs.inclusion(index, 66_000, read) == proofs.inclusion(index, 66_000, SHARED.read)
    assert proofs.consistency(index + 1, 66_000, read) == proofs.consistency(index + 1, 66_000, SHARED.read)
    assert tree.Frontier.rebuilt(66_000, read).root() == SHARED.frontier.root()


def test_a_reader_of_tiles_refuses_what_the_tree_does_not_have():
    read = tiles.reader(66_000, FILES.__getitem__)
    with pytest.raises(tree.TreeRefused, match="no tile 2 at level 1"):
        read(1, 512, 513)
    short = tiles.reader(66_000, lambda path: FILES[path][32:])
    with pytest.raises(tree.TreeRefused, match="tile/0/000 holds 255 hashes"):
        short(0, 0, 1)


@given(st.lists(st.binary(max_size=300), max_size=256))
def test_a_bundle_gives_back_its_entries(entries):
    assert tiles.entries(tiles.bundle(entries)) == entries


def test_entries_too_many_or_too_long_are_not_bundled():
    with pytest.raises(tree.TreeRefused):
        tiles.bundle([b""] * 257)
    with pytest.raises(tree.TreeRefused):
        tiles.bundle([b"x" * 65_536])
    assert tiles.entries(tiles.bundle([b"x" * 65_535])) == [b"x" * 65_535]


@pytest.mark.parametrize("content", [b"\x00", b"\x00\x02a"])
def test_a_bundle_that_ends_inside_an_entry_is_refused(content):
    with pytest.raises(tree.TreeRefused):
        tiles.entries(content)
