"""Making and measuring files: a model and its data opened together, recipes run, files scored and timed."""
