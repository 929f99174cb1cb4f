"""HTML of documents: words are escaped here and nowhere else; '**' marks what is strong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

_STRONG = re.compile(r"\*\*(.+?)\*\*")


def marked(text: str) -> str:
    """A text whose '**' marks are kept as such."""
    return _STRONG.sub(r"<strong>\1</strong>", escape(text))


def paragraph(text: str, kind: str = "") -> str:
    return f'<p class="{kind}">{marked(text)}</p>' if kind else f"<p>{marked(text)}</p>"


def paragraphs(texts: Iterable[str]) -> str:
    """One for each text; those that begin with '- ' are items of a list."""
    found = []
    for text in texts:
        found.append(f"<li>{marked(text[2:])}</li>" if text.startswith("- ") else paragraph(text))
    return re.sub(r"(?:<li>.*?</li>)+", lambda items: f"<ul>{items[0]}</ul>", "".join(found))


def heading(name: str, text: str, level: int = 2) -> str:
    """A heading that can be linked."""
    return f'<h{level} id="{name}">{escape(text)}</h{level}>'


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "", texts: int = 1) -> str:
    """The first `texts` columns hold words, the others numbers."""
    head = "".join(
        f'<th scope="col"{" class=word" if place < texts else ""}>{escape(text)}</th>'
        for place, text in enumerate(heads)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{' class=word' if place < texts else ''}>{marked(cell)}</td>"
            for place, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    named = f' class="{kind}"' if kind else ""
    return (
        f'<div class="scroll"><table{named}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def code(text: str) -> str:
    return f"<pre><code>{escape(text)}</code></pre>"
