"""What a channel says when it will not send: our own words, with no piece of the URL."""


class RefusedError(Exception):
    """Nothing was sent, and nothing will be until somebody changes what the words name."""
