"""`status`: how the last runs went, read from the state while others may write to it."""

from datetime import UTC, datetime

from netwatch_notify.cli.local_time import LocalZone
from netwatch_notify.cli.options import Options
from netwatch_notify.cli.tables import print_json, print_tables
from netwatch_notify.report.status import outbox_rows, runs_table, status_json, status_lines
from netwatch_notify.settings.reading import load_fields
from netwatch_notify.store.database import Database
from netwatch_notify.store.figures import count, disk_bytes
from netwatch_notify.store.running import running
from netwatch_notify.store.summaries import last_runs

SCHEMA = 1
"""Changes when a field goes or means something else; new fields may come at any time."""


def show_status(options: Options, limit: int) -> int:
    """Print the status of one network; whether it is good is what `check` answers."""
    settings = load_fields(("network", "state_dir"), options.env_file)
    network, state = settings["network"], settings["state_dir"]
    process = running(state)
    database = Database.to_read(state, network)
    try:
        runs = last_runs(database, limit)
        figures = count(database, network)
    finally:
        database.close()
    # A run that began in between stands in the database, and would seem killed.
    process = process or running(state)
    size, now, zone = disk_bytes(state), datetime.now(UTC), LocalZone()
    if options.as_json:
        body = status_json(runs, figures, size, process)
        print_json({"schema": SCHEMA, "network": network, **body})
        return 0
    tables = [runs_table(runs, process, now, zone), outbox_rows(figures.destinations, now, zone)]
    lines = status_lines(figures, size, process, now, zone)
    print_tables([table for table in tables if table.rows], last=list(lines))
    return 0
