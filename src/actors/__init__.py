"""The participants of a floor, one a file."""
