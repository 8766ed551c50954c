"""
The dead-man's switch: a ping when a run starts, and one when it ends well or badly.

Source: Healthchecks' ping API, https://healthchecks.io/docs/http_api/, 2026-01.
"""

import logging
import threading
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import NAMESPACE_OID, UUID, uuid5

BODY_BYTES = 10_000
"""What Healthchecks keeps by default (`Ping-Body-Limit`)."""
STEP_SECONDS = 3.0
"""For connecting, and for each read."""
WHOLE_SECONDS = 5.0
"""For one ping in all; a server that drips keeps each single read within its limit."""


class Heartbeat:
    """
    Pings one check; each method returns "" or why the ping failed, without the URL.

    Nothing here raises or holds a run up for longer than `WHOLE_SECONDS`. With no URL, nothing
    is done.
    """

    def __init__(self, url: str | None, run_id: str) -> None:
        self._url = url
        self._rid = _as_uuid(run_id)

    def start(self) -> str:
        """Say that a run begins."""
        return self._ping("/start", "")

    def success(self, body: str = "") -> str:
        """Say that the run did its work; changes found are work done."""
        return self._ping("", body)

    def fail(self, body: str = "") -> str:
        """Say that a scan or a delivery broke."""
        return self._ping("/fail", body)

    def _ping(self, suffix: str, body: str) -> str:
        if not self._url:
            return ""
        try:
            address = _address(self._url, suffix, self._rid)
        except ValueError:
            return "heartbeat: not an http or https URL"
        ping = _Ping(address, _cut(body))
        thread = threading.Thread(target=ping.run, name="heartbeat", daemon=True)
        thread.start()
        thread.join(WHOLE_SECONDS)
        if thread.is_alive():
            ping.abandon()
        return f"heartbeat: {ping.reason}" if ping.reason else ""


class _Ping:
    """One request, in a thread that may be left behind."""

    def __init__(self, url: str, body: bytes) -> None:
        self.url = url
        self.body = body
        self.reason = f"no answer within {WHOLE_SECONDS:.0f} s"
        self._client: Any = None

    def run(self) -> None:
        try:
            self._request()
        except Exception as error:  # in a thread, and its text may quote the URL
            self.reason = _why(error)

    def _request(self) -> None:
        import httpx

        # At INFO it logs every URL it asks for, and the URL is the check's only secret.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        with (
            httpx.Client(timeout=STEP_SECONDS) as self._client,
            self._client.stream("POST", self.url, content=self.body) as response,
        ):
            # The rest of the answer may drip for ever; the status is enough.
            self.reason = "" if response.is_success else f"HTTP {response.status_code}"
            if response.is_success:
                said = next(response.iter_bytes(), b"")[:100]
                # Healthchecks may answer 200 with "OK (not found)" to a URL of no check.
                for refusal in ("not found", "rate limited"):
                    if refusal.encode() in said:
                        self.reason = refusal

    def abandon(self) -> None:
        """Close its sockets; the thread ends at its next read."""
        with suppress(Exception):
            self._client.close()


def _address(url: str, suffix: str, rid: str) -> str:
    parts = urlsplit(url)
    query = f"{parts.query}&rid={rid}" if parts.query else f"rid={rid}"
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/") + suffix, query, ""))


def _cut(body: str) -> bytes:
    """Return the body within the limit, no character torn."""
    return body.encode(errors="replace")[:BODY_BYTES].decode(errors="ignore").encode()


def _as_uuid(run_id: str) -> str:
    """Return the run's id as Healthchecks wants it; it refuses anything but a UUID."""
    try:
        return str(UUID(run_id))
    except ValueError:
        return str(uuid5(NAMESPACE_OID, run_id))


def _why(error: Exception) -> str:
    text = f"{type(error).__name__} {error}"
    for words, reason in (
        ("Connection refused", "connection refused"),
        ("name resolution", "host name not found"),
        ("Name or service not known", "host name not found"),
        ("No address associated", "host name not found"),
        ("CERTIFICATE_VERIFY_FAILED", "certificate not trusted"),
        ("Timeout", "timed out"),
        ("UnsupportedProtocol", "not an http or https URL"),
    ):
        if words in text:
            return reason
    return type(error).__name__
