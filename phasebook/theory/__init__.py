"""What the paper derives or assumes, each as a computation that a chapter puts to the test."""
