"""Nightly nmap scans, compared, confirmed, and told in one true message."""

__version__ = "0.1.0"
