"""What stands beyond the paper: its questions asked of other networks."""
