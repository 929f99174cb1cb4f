"""How a report looks: on a light page of its own, no wider than a sheet of A4."""

REPORT_STYLE = """
:root {color-scheme: light}
.chart {max-width: 660px; margin: 0.5rem 0}
.tiles {display: flex; flex-wrap: wrap; gap: 0.6rem; margin: 0.4rem 0 0.6rem}
.tile {flex: 1 1 8rem; border: 1px solid #c9d2ce; border-radius: 0.4rem; padding: 0.45rem 0.6rem}
.tile p {margin: 0}
.tile b {font-size: 1.25rem}
.good {color: #0c6f5f} .bad {color: #b3322a}
.scroll {overflow-x: auto; margin-block: 0.5rem}
table {border-collapse: collapse; font-size: 0.8rem; line-height: 1.3; font-variant-numeric: tabular-nums; width: 100%}
th, td {padding: 0.2rem 0.4rem; border-bottom: 1px solid #d5dcd8; text-align: right; vertical-align: top}
th {font-weight: 600; vertical-align: bottom}
.word {text-align: left}
.hashes td:last-child, code {font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: 0.72rem;
  overflow-wrap: anywhere}
pre {background: #f2f5f3; padding: 0.5rem 0.7rem; border-radius: 0.3rem; white-space: pre-wrap; margin: 0.3rem 0 0.7rem}
.scene {display: grid; grid-template-columns: repeat(3, 1fr); gap: 0.5rem; margin: 0.4rem 0; break-inside: avoid}
.scene figure {margin: 0; font-size: 0.8rem; text-align: center}
.scene svg {width: 100%; height: auto; display: block}
.scene.classified {max-width: 34rem}
.classified svg {image-rendering: pixelated}
.view {break-inside: avoid}
ul {margin: 0 0 0.6rem; padding-inline-start: 1.3rem}
@media print {
  body {font-size: 10pt; line-height: 1.35}
  h1 {font-size: 18pt; margin: 0 0 0.4rem}
  h2 {margin: 0.9rem 0 0.3rem}
  p {orphans: 3; widows: 3; margin: 0 0 0.4rem}
  h2 + p {break-after: avoid}
  .small {font-size: 8.5pt}
  .chart, .tiles, .scene, pre, tr {break-inside: avoid}
  thead {display: table-header-group}
  table {font-size: 7pt}
  th, td {padding: 0.1rem 0.25rem}
  .hashes td:last-child {font-size: 6.2pt; white-space: nowrap}
  pre {line-height: 1.2}
  .scroll {overflow: visible}
  .screen {display: none}
  .short {font-size: 9pt}
  .short h1 {font-size: 16pt}
  .short h2 {font-size: 11pt; margin: 0.4rem 0 0.2rem}
  .short .tile b {font-size: 1.1rem}
}
"""
