"""Carrying a rendered message to where it is read, and saying honestly how that went."""
