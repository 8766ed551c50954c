"""Where an installed netwatch-notify looks for what belongs to the machine."""

from pathlib import Path

DEFAULT_ENV_FILE = Path("/etc/netwatch/netwatch.env")
"""What cron and `install` use; read when no other env file is named."""
