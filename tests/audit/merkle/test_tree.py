"""The tree against its definition (RFC 6962, section 2.1) and against published roots."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.merkle import tree

# The leaves and roots that Certificate Transparency's implementations test against.
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def leaves(count: int) -> list[bytes]:
    return [tree.leaf_hash(b"%d" % number) for number in range(count)]


MANY = leaves(66_000)


def defined_root(hashes: list[bytes]) -> bytes:
    """The definition, word for word."""
    if len(hashes) == 0:
        return tree.EMPTY_ROOT
    if len(hashes) == 1:
        return hashes[0]
    k = 1 << (len(hashes) - 1).bit_length() - 1
    return tree.node_hash(defined_root(hashes[:k]), defined_root(hashes[k:]))


class Stored:
    """A log as the database keeps it: leaf hashes and the roots of full blocks."""

    def __init__(self, hashes: list[bytes]) -> None:
        self.hashes = hashes
        self.frontier = tree.Frontier()
        self.blocks = {(block.level, block.n): block.hash for block in self.frontier.extend(hashes)}

    def read(self, level: int, start: int, stop: int) -> list[bytes]:
        if level == 0:
            return self.hashes[start:stop]
        return [self.blocks[level, n] for n in range(start, stop) if (level, n) in self.blocks]


@pytest.fixture(scope="module")
def stored() -> Stored:
    return Stored(MANY)


def test_the_empty_tree_has_the_hash_of_nothing():
    assert tree.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert tree.Frontier().root() == tree.EMPTY_ROOT


@pytest.mark.parametrize("size", range(1, 9))
def test_published_roots_are_reproduced(size):
    hashes = [tree.leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES[:size]]
    frontier = tree.Frontier()
    frontier.extend(hashes)
    assert tree.root(hashes).hex() == frontier.root().hex() == ROOTS[size - 1]


def test_a_leaf_is_never_a_node():
    left, right = leaves(2)
    assert tree.leaf_hash(left + right) != tree.node_hash(left, right)


def test_every_root_of_a_small_tree_follows_the_definition():
    frontier = tree.Frontier()
    for size in range(1, 600):
        frontier.append(MANY[size - 1])
        assert frontier.root() == tree.root(MANY[:size]) == defined_root(MANY[:size])


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 65_800, 66_000])
def test_a_frontier_made_anew_from_what_is_stored_grows_like_the_first(stored, size):
    rebuilt = tree.Frontier.rebuilt(size, stored.read)
    assert (rebuilt.size, rebuilt.root()) == (size, tree.root(MANY[:size]))
    rebuilt.extend(MANY[size:])
    assert (rebuilt.size, rebuilt.root()) == (66_000, stored.frontier.root())


@given(size=st.integers(0, 66_000), more=st.integers(0, 600))
def test_what_is_appended_in_two_goes_fills_the_same_blocks(size, more):
    stored = SHARED
    rebuilt = tree.Frontier.rebuilt(size, stored.read)
    filled = rebuilt.extend(MANY[size : size + more])
    assert all(stored.blocks[block.level, block.n] == block.hash for block in filled)
    assert rebuilt.root() == tree.root(MANY[: size + more])


SHARED = Stored(MANY)


def test_a_block_is_reported_when_its_last_leaf_comes():
    frontier = tree.Frontier()
    filled = {size: blocks for size, leaf in enumerate(MANY, 1) if (blocks := frontier.append(leaf))}
    assert sorted(filled) == list(range(256, 66_000, 256))
    assert filled[256] == [tree.Block(1, 0, tree.root(MANY[:256]))]
    assert filled[65_536] == [
        tree.Block(1, 255, tree.root(MANY[65_280:65_536])),
        tree.Block(2, 0, tree.root(MANY[:65_536])),
    ]


def test_the_edges_are_what_a_frontier_reads():
    assert tree.edges(0) == [(0, 0)]
    assert tree.edges(256) == [(256, 256), (0, 1)]
    assert tree.edges(70_000) == [(69_888, 70_000), (256, 273), (0, 1)]


def test_a_frontier_is_not_made_from_hashes_that_are_missing(stored):
    with pytest.raises(tree.TreeRefused, match="level 1 lacks hashes between 256 and 257"):
        tree.Frontier.rebuilt(66_000, lambda level, start, stop: stored.read(level, start, stop)[level % 2 :])
    with pytest.raises(tree.TreeRefused, match="level 0 lacks hashes"):
        tree.Frontier.rebuilt(3, lambda level, start, stop: [b"short"] * 3)
