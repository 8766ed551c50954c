"""Mutated scan files against the reader: `make fuzz`, and some seconds of it in every test run."""
