"""Measurements against the article's pipeline; no part of the package, nor of its tests."""
