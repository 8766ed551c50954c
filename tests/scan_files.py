"""Short ways to write a scan file, and to say what a comparison tells; for tests only."""

from collections.abc import Iterable, Mapping
from html import escape

from netwatch_notify.model.change import Change

ARGUMENTS = "nmap -sS -p1-1000 192.0.2.0/24"
GOOD_ENDING = (
    '<runstats><finished time="1767225660" elapsed="60.5" exit="success"/>'
    '<hosts up="2" down="254" total="256"/></runstats>\n</nmaprun>\n'
)
FAILED_ENDING = (
    '<runstats><finished time="1767225660" exit="error" errormsg="No such device"/>'
    '<hosts up="0" down="0" total="0"/></runstats>\n</nmaprun>\n'
)


def scripts_xml(scripts: Mapping[str, str]) -> str:
    return "".join(
        f'<script id="{quoted(name)}" output="{quoted(output)}"/>'
        for name, output in scripts.items()
    )


def quoted(text: str) -> str:
    return escape(text).replace("\n", "&#xa;")


def port_xml(
    port: str, state: str = "open", service: str = "", scripts: Mapping[str, str] | None = None
) -> str:
    """One `<port>`: `22` or `53/udp`; `service` is the inside of its tag."""
    number, _, protocol = port.partition("/")
    told = f"<service {service}/>" if service else ""
    return (
        f'<port protocol="{protocol or "tcp"}" portid="{number}">'
        f'<state state="{state}" reason="syn-ack" reason_ttl="64"/>{told}'
        f"{scripts_xml(scripts or {})}</port>"
    )


def host_xml(
    address: str,
    *ports: str,
    mac: str = "",
    names: Iterable[str] = (),
    asked: Iterable[str] = (),
    rest: str = '<extraports state="closed" count="990"/>',
    systems: Iterable[str] = (),
    scripts: Mapping[str, str] | None = None,
    status: str = '<status state="up" reason="echo-reply"/>',
    attributes: str = "",
    ending: str = "",
) -> str:
    """One `<host>`; a port is a number that is open, or XML."""
    family = "ipv6" if ":" in address else "ipv4"
    listed = "".join(port if port.startswith("<") else port_xml(port) for port in ports)
    asked_for = "".join(f'<hostname name="{name}" type="user"/>' for name in asked)
    told = "".join(f'<hostname name="{name}" type="PTR"/>' for name in names)
    system = "".join(f'<osmatch name="{name}" accuracy="100"/>' for name in systems)
    return (
        f"<host{attributes}>{status}"
        f'<address addr="{address}" addrtype="{family}"/>'
        + (f'<address addr="{mac}" addrtype="mac" vendor="Acme"/>' if mac else "")
        + f"<hostnames>{asked_for}{told}</hostnames><ports>{rest}{listed}</ports>"
        + (f"<os>{system}</os>" if system else "")
        + (f"<hostscript>{scripts_xml(scripts)}</hostscript>" if scripts else "")
        + f"{ending}</host>\n"
    )


def scan_xml(
    *hosts: str,
    args: str = ARGUMENTS,
    infos: str = '<scaninfo type="syn" protocol="tcp" numservices="1000" services="1-1000"/>',
    ending: str = GOOD_ENDING,
    start: int = 1_767_225_600,
) -> str:
    """A whole file."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE nmaprun>\n'
        f'<nmaprun scanner="nmap" args="{quoted(args)}" start="{start}" '
        f'version="7.93" xmloutputversion="1.05">\n{infos}\n{"".join(hosts)}{ending}'
    )


def lines_of(changes: Iterable[Change]) -> list[str]:
    """What is told, such as `port-opened 192.0.2.1 80/tcp`."""
    return [
        " ".join(filter(None, (change.kind.value, str(change.address), str(change.key or ""))))
        for change in changes
    ]
