"""The two systems that stand beside the paper's: random matrices and absorbing states."""
