"""
The log of a run: to stderr, the journal or syslog, as text or JSON, without secrets.

Records are made with `logging` everywhere; what is here decides where they go and adds whose
they are.
"""
