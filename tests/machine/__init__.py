"""A machine of its own for a test: it may be installed on, broken and thrown away."""
