"""Remember: all SQL lives here."""
