"""Places of a graph's boxes: edges lead down, boxes do not overlap, folded blocks make no cycle."""

import random
from itertools import pairwise

import pytest

from edgeslim import workbench
from edgeslim.analysis.network import Network
from edgeslim.report.graph_layout import GAP, layered
from edgeslim.report.graph_view import all_blocks, blocks, first_folded, graph_view
from edgeslim.report.layers import heaviest, layer_rows
from edgeslim.report.size_treemap import areas


@pytest.fixture(scope="module")
def network() -> Network:
    study = workbench.sample_study()
    assert study is not None and study.original is not None
    return workbench.network(study.original.sha256 or "")


def graph(count: int, seed: int) -> list[tuple[int, int]]:
    rng = random.Random(seed)
    edges = {(rng.randrange(max(0, k - 6), k), k) for k in range(1, count)}
    edges |= {tuple(sorted(rng.sample(range(count), 2))) for _ in range(count // 5)}  # type: ignore[misc]
    return sorted(edges)


@pytest.mark.parametrize("seed", range(4))
def test_edges_lead_down_and_boxes_of_a_layer_keep_their_distance(seed: int) -> None:
    boxes = [(100.0 + 20 * (k % 3), 40.0) for k in range(60)]
    edges = graph(60, seed)
    found = layered(boxes, edges)
    for (start, end), path in zip(edges, found.paths, strict=True):
        assert found.places[start][1] < found.places[end][1]
        assert path[0] == (found.places[start][0], found.places[start][1] + 20)
        assert path[-1] == (found.places[end][0], found.places[end][1] - 20)
        assert all(above[1] < below[1] for above, below in pairwise(path))
    by_layer: dict[float, list[int]] = {}
    for k, (_, y) in enumerate(found.places):
        by_layer.setdefault(y, []).append(k)
    for layer in by_layer.values():
        layer.sort(key=lambda k: found.places[k][0])
        for left, right in pairwise(layer):
            room = found.places[right][0] - found.places[left][0] - (boxes[left][0] + boxes[right][0]) / 2
            assert room >= GAP - 1e-6
    assert min(x - boxes[k][0] / 2 for k, (x, _) in enumerate(found.places)) >= -1e-6


def test_a_chain_is_a_straight_line_and_a_diamond_does_not_cross() -> None:
    chain = layered([(100.0, 40.0)] * 4, [(0, 1), (1, 2), (2, 3)])
    assert len({x for x, _ in chain.places}) == 1
    crossed = layered([(100.0, 40.0)] * 6, [(0, 3), (1, 2), (2, 5), (3, 4)])
    order = [sorted(pair, key=lambda k: crossed.places[k][0]) for pair in ((0, 1), (2, 3), (4, 5))]
    assert [layer.index(k) for layer, k in zip(order, (0, 3, 4), strict=True)] in ([0, 0, 0], [1, 1, 1])


def test_the_same_graph_has_the_same_layout() -> None:
    boxes, edges = [(100.0, 40.0)] * 60, graph(60, 9)
    assert layered(boxes, edges) == layered(boxes, edges)
    assert layered([], []).places == ()


def test_folding_keeps_every_node_in_one_box_and_edges_forward(network: Network) -> None:
    for folded in (frozenset[str](), frozenset(blocks(network)), all_blocks(network), frozenset({"stage8"})):
        view = graph_view(network, folded)
        assert sorted(place for box in view.boxes for place in box.nodes) == list(range(len(network.nodes)))
        assert all(start < end for start, end in view.edges)
        assert {box.title for box in view.boxes if box.folded} <= folded
    assert len(graph_view(network, frozenset(blocks(network))).boxes) < 15
    assert first_folded(network) == frozenset()


def test_rows_and_areas_add_up_to_the_file(network: Network) -> None:
    rows = layer_rows(network)
    assert len(rows) == len(network.layers) == 29
    assert sum(row.bytes for row in rows) + network.rest <= network.stored
    assert 1 <= heaviest(network) < 10
    found = areas(network, {"file": "file", "rest": "rest", "graph": "graph", "small": "others"})
    inner = {area.parent for area in found}
    assert sum(area.bytes for area in found if area.id not in inner) == network.file
    for area in found:
        children = [each.bytes for each in found if each.parent == area.id]
        assert not children or sum(children) == area.bytes
