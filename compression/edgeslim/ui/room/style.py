"""What the theme has no word for, in a room."""

PEOPLE = """<style>
[data-testid=stMain] [data-testid=stRadio] [role=radiogroup] label {padding-block: 0.5rem}
[data-testid=stMain] h1 {font-size: 1.6rem}
[data-testid=stMain] h2 {font-size: 1.3rem}
</style>"""
"""For fingers, and for a question on a phone."""

PROJECTOR = """<style>
[data-testid=stMain] h1 {font-size: clamp(2rem, 3vw, 4.5rem); line-height: 1.25}
[data-testid=stMain] h2 {font-size: clamp(1.6rem, 2.2vw, 3.2rem)}
[data-testid=stMain] p {font-size: clamp(1.2rem, 1.5vw, 2.2rem); line-height: 1.45}
[data-testid=stMain] li {font-size: clamp(1.4rem, 1.9vw, 2.8rem); line-height: 1.5}
</style>"""
"""For the last row."""
