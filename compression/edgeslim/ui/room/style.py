"""What the theme has no word for, in a room."""

PEOPLE = """<style>
[data-testid=stMain] [data-testid=stRadio] [role=radiogroup] label {padding-block: 0.5rem}
[data-testid=stMain] h1 {font-size: 1.6rem}
[data-testid=stMain] h2 {font-size: 1.3rem}
</style>"""
"""For fingers, and for a question on a phone."""

PROJECTOR = """<style>
[data-testid=stMain] h1 {font-size: 2.6rem}
[data-testid=stMain] h2 {font-size: 1.9rem}
[data-testid=stMain] p {font-size: 1.35rem}
[data-testid=stMain] li {font-size: 1.8rem; line-height: 1.6}
</style>"""
"""For the last row."""
