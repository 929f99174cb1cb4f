"""Models: what they are, how their outputs are read, and where they come from."""
