"""The shell: the same use cases as the screens. Exit code 0 only on success."""
