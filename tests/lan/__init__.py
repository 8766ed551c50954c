"""
A real LAN on one machine: hosts in a network namespace, scanned by the real nmap from another.

`Lan` in `network.py` is the door; `host.py` says what a host is. The programs `banner_server.py`
and `mail_server.py` run inside the namespaces and import nothing from here.
"""
