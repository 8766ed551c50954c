"""`check --send`: a message that says what it is, to each destination, past the outbox."""

import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

from netwatch_notify.model.message import Delivery, Destination, Item, OutboxEntry, Section, View
from netwatch_notify.pipeline.delivery import send_at_once
from netwatch_notify.report.json_report import diff_report, report_text
from netwatch_notify.report.words import day


def send_test_messages(
    destinations: Sequence[Destination], network: str, zone: tzinfo
) -> dict[str, Delivery]:
    """Send the test message side by side, and return how it went, by destination."""
    now = datetime.now(UTC)
    at = now.astimezone(zone)
    view = View(
        network,
        f"{network}: TEST, nothing happened · {day(now, zone)}",
        (
            Section(
                "TEST",
                (
                    Item("This is a test of netwatch-notify."),
                    Item(f"Sent by hand at {at:%H:%M} with check --send."),
                ),
            ),
        ),
    )
    report = report_text({**diff_report((), ()), "network": network, "test": True})
    known = {destination.key: destination for destination in destinations}
    # Each test is another message, also for a service that knows repetitions.
    jobs = {
        key: [OutboxEntry(number, os.getpid(), key, view, 0, now, report)]
        for number, key in enumerate(known, time.time_ns())
    }
    return send_at_once(jobs, known, network)
