"""Figures that say whether the course feels alive: `python -m benchmarks` prints them. Not part of the tests."""
