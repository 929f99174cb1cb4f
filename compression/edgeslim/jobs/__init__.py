"""Running studies: a detached process for each, which hands trials to worker processes."""
