"""What numbers are compared with, and how far to trust them."""
