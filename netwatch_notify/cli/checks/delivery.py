"""Will the message arrive, and will anybody notice if there is none?"""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from netwatch_notify.cli.checks.tonight import Tonight
from netwatch_notify.cli.finding import Finding, bad, good, warning
from netwatch_notify.cli.local_time import LocalZone
from netwatch_notify.cli.plan import destinations_of, exposed_words
from netwatch_notify.model.message import Destination
from netwatch_notify.pipeline.trial import send_test_messages
from netwatch_notify.report.words import counted, day
from netwatch_notify.settings.reading import env_file_is_exposed
from netwatch_notify.store.failing import Failing

LOCAL = ("localhost", "127.0.0.1", "::1")


def destinations(tonight: Tonight) -> list[Finding]:
    """Whether each can be used; with `send`, whether it takes a message."""
    settings = tonight.settings
    found = destinations_of(settings)
    if not found:
        mailed = "standard output, and cron mails it"
        if any(schedule.kind == "systemd" for schedule in tonight.runs):
            mailed = "the journal, and nobody is sent anything"
        text = f"none: the message goes to {mailed}"
        return [warning("destinations", text, "set NETWATCH_NOTIFY")]
    findings = []
    outcomes = {}
    remedy = "mend its URL in NETWATCH_NOTIFY, or the server that it names"
    if tonight.send:
        outcomes = send_test_messages(found, settings.network, LocalZone())
    for destination in found:
        heard = f" (hears of {', '.join(sorted(destination.tags))})" if destination.tags else ""
        text = f"{destination.key}{heard}"
        outcome = outcomes.get(destination.key)
        if outcome is None:
            findings.append(good("destination", text))
        elif outcome.delivered:
            findings.append(good("destination", f"{text}: took a test message"))
        else:
            findings.append(bad("destination", f"{text}: {outcome.reason}", remedy))
    findings += [in_clear(d) for d in found if sends_in_clear(d.url)]
    if settings.apprise_config and env_file_is_exposed(settings.apprise_config):
        text, remedy = exposed_words(settings.apprise_config).split("; ", 1)
        findings.append(warning("destinations", text, remedy))
    return findings


def sends_in_clear(url: str) -> bool:
    """Whether a mail server gets its password unencrypted, and from over a network; pure."""
    parts = urlsplit(url)
    return parts.scheme == "mailto" and bool(parts.password) and parts.hostname not in LOCAL


def in_clear(destination: Destination) -> Finding:
    """Return what to do about that."""
    text = f"{destination.key}: its password is sent unencrypted"
    return warning("destination", text, "write mailtos:// instead of mailto://")


def outbox(tonight: Tonight) -> list[Finding]:
    """Where messages do not arrive."""
    if tonight.recorded is None:
        return []
    return undelivered(tonight.recorded.failing, tonight.now)


def undelivered(failing: Sequence[Failing], now: datetime) -> list[Finding]:
    """Return each destination that does not work, and why; pure."""
    findings = []
    for one in failing:
        text = f"{one.destination}: {counted(one.messages, 'message')} not delivered, oldest "
        text += f"{day(one.since, LocalZone(), now)}: {one.reason}"
        if one.is_over:
            remedy = "mend it, then netwatch-notify outbox retry --all"
            findings.append(bad("outbox", text, remedy))
        else:
            findings.append(warning("outbox", text, "netwatch-notify outbox list"))
    return findings or [good("outbox", "every message has arrived, or waits its time")]


def heartbeat(tonight: Tonight) -> list[Finding]:
    """Whether somebody notices when nothing runs; it is never pinged."""
    secret = tonight.settings.heartbeat_url
    if secret is None:
        text = "none: nobody is told when nothing runs at all"
        return [good("heartbeat", text, "set NETWATCH_HEARTBEAT_URL")]
    address = urlsplit(secret.get_secret_value())
    if address.scheme == "http" and address.hostname not in LOCAL:
        text = "its URL, which is the check's only secret, is sent unencrypted"
        return [warning("heartbeat", text, "write https:// in NETWATCH_HEARTBEAT_URL")]
    return [good("heartbeat", "set")]
