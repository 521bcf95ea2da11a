"""What the paper's outlook asks for: other layers, activations, data, optimisers and spectral densities."""
