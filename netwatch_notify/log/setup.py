"""Set logging up: one sink, one form, one level, and no secret in any record."""

import logging
from collections.abc import Iterable
from typing import TextIO

from netwatch_notify.log.about import begin_about
from netwatch_notify.log.secrets import SecretFilter
from netwatch_notify.log.sinks import Sink, handler_of

_HANDLER_NAME = "netwatch-notify"


def setup_logging(
    level: int | str,
    stream: TextIO,
    secrets: Iterable[str] = (),
    *,
    network: str = "",
    sink: Sink = Sink.STDERR,
    form: str = "text",
) -> None:
    """
    Log from `level` on; calling it again, with secrets, replaces the first set-up.

    `stream` is stderr, and gets what the sink cannot take. httpx and urllib3 tell of every
    request only at DEBUG. apprise is held at INFO even then: its DEBUG logs the whole URL and
    body.
    """
    begin_about(network)
    root = logging.getLogger()
    for handler in [h for h in root.handlers if h.get_name() == _HANDLER_NAME]:
        root.removeHandler(handler)
        handler.close()
    ours = handler_of(sink, stream, form)
    ours.set_name(_HANDLER_NAME)
    root.addHandler(ours)
    root.setLevel(level.upper() if isinstance(level, str) else level)
    secret_filter = SecretFilter(secrets)
    for handler in root.handlers:
        for old in [f for f in handler.filters if isinstance(f, SecretFilter)]:
            handler.removeFilter(old)
        handler.addFilter(secret_filter)
    debugging = root.level <= logging.DEBUG
    logging.getLogger("apprise").setLevel(logging.INFO if debugging else logging.WARNING)
    for name in ("httpx", "httpcore", "urllib3"):
        logging.getLogger(name).setLevel(logging.NOTSET if debugging else logging.WARNING)
