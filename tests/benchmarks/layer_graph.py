"""How soon the graph of a file's layers is there, and how fluently it moves, in Chromium. Prints JSON, a line a file.

    python tests/benchmarks/layer_graph.py [model.onnx …] [--nodes 1000]

Beside the given files a made-up one of `--nodes` nodes is opened: convolutions with additions between them. Each is
imported into an empty store and opened twice, unfolded; the second time counts, as the first may wait for imports.
Seconds are from the address to the drawn graph; milliseconds are of frames while scrolling, and from a press of a zoom
button to the frame.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from app_server import serving
from onnx import TensorProto, helper, numpy_helper
from playwright.sync_api import Page, sync_playwright

from edgeslim import workbench
from edgeslim.report.graph_view import graph_view

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
MOVING = """async () => {
    const host = [...document.querySelectorAll("*")].find((each) => each.shadowRoot?.querySelector(".graph"));
    const root = host ? host.shadowRoot : document, stage = root.querySelector(".stage");
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    const scroll = [], zoom = [];
    for (let k = 0, last = performance.now(); k < 80; k += 1) {
        stage.scrollTop = k * 100;
        await frame();
        scroll.push(performance.now() - last);
        last = performance.now();
    }
    for (let k = 0; k < 12; k += 1) {
        const begun = performance.now();
        root.querySelector(k % 4 < 2 ? "[data-do=out]" : "[data-do=in]").click();
        await frame();
        zoom.push(performance.now() - begun);
    }
    const at = (values, share) => values.sort((a, b) => a - b)[Math.floor(share * (values.length - 1))];
    return {
        scroll_ms: at(scroll, 0.5), scroll_p95_ms: at(scroll, 0.95),
        zoom_ms: at(zoom, 0.5), zoom_p95_ms: at(zoom, 0.95),
    };
}"""


def made_up(nodes: int) -> onnx.ModelProto:
    """Convolutions in stages of forty; after every third one the sum with the sum before."""
    rng = np.random.default_rng(0)
    made: list[onnx.NodeProto] = []
    weights, last, before = [], "image", ""
    for k in range(nodes):
        if len(made) >= nodes:
            break
        name = f"stage{k // 40}.{k % 40}.conv.weight"
        weight = 0.1 * rng.normal(size=(8, 3 if k == 0 else 8, 3, 3))
        weights.append(numpy_helper.from_array(weight.astype(np.float32), name))
        made.append(helper.make_node("Conv", [last, name], [f"c{k}"], pads=[1] * 4, name=f"conv{k}"))
        last = f"c{k}"
        if k % 3 == 2:
            if before:
                made.append(helper.make_node("Add", [last, before], [f"a{k}"], name=f"add{k}"))
                last = f"a{k}"
            before = last
    shapes = [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 32, 32])]
    output = [helper.make_tensor_value_info(last, TensorProto.FLOAT, [1, 8, 32, 32])]
    graph = helper.make_graph(made, "made_up", shapes, output, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def measured(page: Page, url: str, name: str) -> dict[str, Any]:
    for _ in range(2):
        begun = time.perf_counter()
        page.goto(f"{url}/inspect?model={name}&folded=-")
        page.wait_for_selector(".graph .box")
        seconds = time.perf_counter() - begun
    page.wait_for_timeout(2000)
    sha256 = workbench.library_file(name)
    begun = time.perf_counter()
    network = workbench.network(sha256)
    read = time.perf_counter() - begun
    begun = time.perf_counter()
    graph_view(network, frozenset())
    placed = time.perf_counter() - begun
    moving = {key: round(value, 1) for key, value in page.evaluate(MOVING).items()}
    own = {"read_s": round(read, 3), "layout_s": round(placed, 3), "drawn_s": round(seconds, 2)}
    return {"model": name, "nodes": len(network.nodes), **own, **moving}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="*", type=Path)
    parser.add_argument("--nodes", type=int, default=1000)
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder)) as server,
        sync_playwright() as playwright,
    ):
        os.environ["EDGESLIM_HOME"] = str(server.home)
        file = Path(folder) / "made-up.onnx"
        onnx.save(made_up(given.nodes), file)
        context = playwright.chromium.launch_persistent_context(
            Path(folder) / "profile",
            executable_path="/usr/bin/chromium",
            args=FLAGS,
            viewport={"width": 1440, "height": 900},
        )
        page = context.new_page()
        for path in (*given.models, file):
            name = workbench.import_model(path, name=f"bench-{path.stem}").name
            print(json.dumps(measured(page, server.url, name)), flush=True)
        context.close()


if __name__ == "__main__":
    main()
