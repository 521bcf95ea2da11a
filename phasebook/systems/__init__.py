"""Systems that stand beside the network of the paper, each small enough for exact results."""
