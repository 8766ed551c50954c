"""Programs started by root as a user who is nobody, with as many capabilities as a test gives."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

UID = 65534
NOBODY = ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups"]


def only(*capabilities: str) -> list[str]:
    """Return setpriv's options for these; reading what is closed to others is always among them."""
    # The checkout or Python may lie in a folder that only its owner may enter.
    words = ",".join(f"+{name}" for name in ("dac_read_search", *capabilities))
    return [f"--inh-caps=-all,{words}", f"--ambient-caps=-all,{words}"]


@contextmanager
def open_folder() -> Iterator[Path]:
    """Make a folder that every user may use, unlike pytest's."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)
