"""Where in a network a layer is."""

from __future__ import annotations

from torch import fx


def before_output(graph: fx.Graph, layers: set[str]) -> set[str]:
    """Those of the layers, by the names of their modules, from which an output is reached without passing another."""
    reached: set[str] = set()
    seen: set[fx.Node] = set()
    waiting = [node for node in graph.nodes if node.op == "output"]
    while waiting:
        for node in waiting.pop().all_input_nodes:
            if node in seen:
                continue
            seen.add(node)
            if node.op == "call_module" and str(node.target) in layers:
                reached.add(str(node.target))
            else:
                waiting.append(node)
    return reached
