"""Look closer at what differs: which hosts and ports, and what it showed; pure."""
