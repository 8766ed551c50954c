"""When the nightly run starts: what cron and systemd read, what is installed, when it is next."""
