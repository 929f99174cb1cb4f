"""Street-sign scenes drawn by this project: a small detection dataset that needs no download."""
