"""What is computed once and kept: scales, the sweep over the phase diagram, its store and the cache."""
