"""Charts that stay alive in a document: plotly and its data inside, and nothing fetched.

Data is JSON in a block that no browser runs; the two scripts that do run are named by their hashes in the document's
content security policy, so that nothing else can.
"""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from typing import Any

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

INK, GRID, FONT = "#14201c", "#d5dcd8", 'system-ui, "Noto Sans", "PingFang SC", "Microsoft YaHei", sans-serif'
_AXIS = {"gridcolor": GRID, "linecolor": GRID, "zerolinecolor": GRID, "ticks": ""}
THEME = {
    "layout": {
        "font": {"color": INK, "family": FONT},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "xaxis": _AXIS,
        "yaxis": _AXIS,
        "hoverlabel": {"bgcolor": "#fff", "font": {"color": INK}},
    }
}
DRAW = """
for (const place of document.querySelectorAll(".chart")) {
  const drawn = JSON.parse(document.getElementById(place.id + "-data").textContent);
  Plotly.newPlot(place, drawn.data, drawn.layout, {
    displaylogo: false, responsive: true, displayModeBar: "hover",
    modeBarButtons: [["zoom2d", "pan2d", "resetScale2d", "toImage"]],
  });
}
"""
"""The charts are no wider than a page of A4, so that paper cuts none."""


def plotted(name: str, figure: go.Figure, said: str, rows: str = "") -> str:
    """A chart under the id `name`; `said` is for those who do not see it, `rows` the HTML that stands for it without
    scripts."""
    drawn: dict[str, Any] = json.loads(figure.to_json(engine="json"))
    drawn["layout"]["template"] = THEME
    height = drawn["layout"].get("height", 450)
    content = json.dumps(drawn, ensure_ascii=False, sort_keys=True).replace("<", "\\u003c")
    return (
        f'<div class="chart" id="{name}" role="img" aria-label="{escape(said)}" style="height: {height}px"></div>'
        f'<script type="application/json" id="{name}-data">{content}</script>'
        f"<noscript>{rows}</noscript>"
    )


def scripts() -> str:
    """What draws the charts, at the document's end."""
    return "".join(f"<script>{script}</script>" for script in (get_plotlyjs(), DRAW))


def policy() -> str:
    """The document's content security policy: these scripts, its own styles and pictures, and nothing else."""
    hashes = " ".join(f"'sha256-{_hash(script)}'" for script in (get_plotlyjs(), DRAW))
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
