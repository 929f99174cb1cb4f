"""The detector in the visitor's own browser: what it fetches, and the component that runs it there."""
