"""What is true without a network: no clock, no randomness, no input or output. Standard library only."""
