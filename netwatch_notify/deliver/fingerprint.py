"""Whether a destination's URL is still the one that failed."""

from hashlib import blake2b


def fingerprint(url: str) -> str:
    """
    Return eight hexadecimal digits that change when the URL does.

    Kept with a message that failed for good, so that a new token delivers it after all. 32 bits
    tell that a secret is another one now, and far too little of what it is.
    """
    return blake2b(url.encode(errors="replace"), digest_size=4, person=b"netwatch").hexdigest()
