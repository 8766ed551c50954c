"""Ask nmap, and read what it answers."""
