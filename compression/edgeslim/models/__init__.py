"""Models: their files and specifications, the decoding of their outputs, importing and downloading."""
