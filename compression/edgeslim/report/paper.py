"""A document for a browser and for A4 paper, that needs nothing from outside."""

from __future__ import annotations

from html import escape

from edgeslim.report.lesson_views import STYLE
from edgeslim.texts import Language

_PAPER = """
:root {color-scheme: light dark}
body {font: 16px/1.5 system-ui, "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif;
  max-width: 46rem; margin: 0 auto; padding: 1.5rem 1rem;
  color: light-dark(#14201c, #e9efec); background: light-dark(#fff, #0f1514)}
h1 {font-size: 1.9rem; line-height: 1.2; margin: 0 0 0.75rem}
h2 {font-size: 1.3rem; margin: 1.8rem 0 0.5rem}
h3 {font-size: 1.05rem; margin: 1.2rem 0 0.3rem}
p {margin: 0 0 0.6rem}
section {break-inside: avoid-page}
.write {border: 1px solid #7d8c86; border-radius: 0.4rem; min-height: 3.2rem; padding: 0.4rem 0.6rem;
  margin: 0.4rem 0 0.8rem; font-size: 0.875rem}
.options {list-style: none; padding: 0; margin: 0 0 0.6rem}
.options li::before {content: "☐ "}
.small {font-size: 0.875rem; opacity: 0.85}
.scenes figure {width: 260px}
main .drawn table {font-size: 0.8125rem}
main .drawn :is(th, td) {padding: 0.3rem 0.4rem; white-space: normal}
a {color: inherit; overflow-wrap: anywhere}
@media print {
  :root {color-scheme: light}
  body {max-width: none; padding: 0; font-size: 11pt}
  .apart {break-before: page}
  h2, h3, .told {break-after: avoid}
  .drawn > figure, .drawn > ul {break-inside: avoid}
  .drawn > figure {max-width: 150mm}
  main .drawn .scroll {overflow: visible}
}
@page {size: A4; margin: 16mm}
"""


def page(
    title: str, language: Language, body: str, *, style: str = STYLE, policy: str = "", scripts: str = ""
) -> str:
    """The whole document; `body` is HTML whose words are escaped, `policy` what it may run and load."""
    guard = f'<meta http-equiv="Content-Security-Policy" content="{policy}">' if policy else ""
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">{guard}'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{_PAPER}{style}</style></head><body><main>{body}</main>{scripts}</body></html>\n"
    )
