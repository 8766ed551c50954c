"""Where an installed netwatch-notify looks for what belongs to the machine."""

from pathlib import Path

ENV_DIRECTORY = Path("/etc/netwatch")
"""Where the networks' env files lie."""
DEFAULT_ENV_FILE = ENV_DIRECTORY / "netwatch.env"
"""What cron and `install` use; read when no other env file is named."""
