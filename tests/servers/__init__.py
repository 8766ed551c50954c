"""Servers that real clients of ours talk to, on loopback."""
