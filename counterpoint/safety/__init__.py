"""Safety filters as mathematics over arrays: no simulator, no clock, no randomness."""
