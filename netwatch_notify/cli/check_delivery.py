"""`check`: will the message arrive?"""

from datetime import UTC, datetime

from netwatch_notify.cli.finding import BAD, GOOD, WARNING, Finding
from netwatch_notify.cli.local_time import LocalZone
from netwatch_notify.cli.plan import destinations_of, exposed_words
from netwatch_notify.pipeline.trial import send_test_messages
from netwatch_notify.report.words import counted, day
from netwatch_notify.settings.reading import env_file_is_exposed
from netwatch_notify.settings.settings import Settings
from netwatch_notify.store.database import Database
from netwatch_notify.store.failing import failing


def destination_findings(settings: Settings, *, send: bool) -> list[Finding]:
    """Return whether each destination can be used; with `send`, whether it takes a message."""
    destinations = destinations_of(settings)
    if not destinations:
        text = "none: the message goes to standard output, and cron mails it"
        return [Finding("destinations", WARNING, text)]
    findings = []
    outcomes = send_test_messages(destinations, settings.network, LocalZone()) if send else {}
    for destination in destinations:
        heard = f" (hears of {', '.join(sorted(destination.tags))})" if destination.tags else ""
        status, text = GOOD, f"{destination.key}{heard}"
        if (outcome := outcomes.get(destination.key)) is not None:
            status = GOOD if outcome.delivered else BAD
            said = "took a test message" if outcome.delivered else outcome.reason
            text = f"{text}: {said}"
        findings.append(Finding("destination", status, text))
    if settings.apprise_config and env_file_is_exposed(settings.apprise_config):
        findings.append(Finding("destinations", WARNING, exposed_words(settings.apprise_config)))
    return findings


def outbox_findings(settings: Settings) -> list[Finding]:
    """Return where messages do not arrive, and why."""
    if not (settings.state_dir / "netwatch.db").exists():
        return []
    database = Database.open(settings.state_dir, settings.network)
    try:
        found = failing(database)
    finally:
        database.close()
    now, zone = datetime.now(UTC), LocalZone()
    findings = []
    for one in found:
        text = f"{one.destination}: {counted(one.messages, 'message')} not delivered, oldest "
        text += f"{day(one.since, zone, now)}: {one.reason}; "
        text += (
            "mend it, then netwatch-notify outbox retry --all"
            if one.is_over
            else "netwatch-notify outbox list"
        )
        findings.append(Finding("outbox", BAD if one.is_over else WARNING, text))
    return findings or [Finding("outbox", GOOD, "every message has arrived, or waits its time")]
