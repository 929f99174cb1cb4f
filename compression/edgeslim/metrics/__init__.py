"""Metrics: pure functions from predictions, outputs or files to figures. Fractions are 0–1, sizes bytes."""
