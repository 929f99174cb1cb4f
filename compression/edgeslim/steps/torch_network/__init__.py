"""Torch networks as steps use them: running them, their units, the meaning of their outputs."""
