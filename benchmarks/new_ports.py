"""Print the ports and then the hosts of what two nmap XML files differ in by new open ports."""

import sys
import xml.etree.ElementTree as ET
from ipaddress import ip_address


def open_ports(path: str) -> set[tuple[str, int]]:
    return {
        (host.find("address").get("addr", ""), int(port.get("portid", "0")))  # type: ignore[union-attr]
        for host in ET.parse(path).getroot().iter("host")  # noqa: S314  # our own nmap's files
        for port in host.iter("port")
        if port.find("state").get("state") == "open"  # type: ignore[union-attr]
    }


def main() -> None:
    new = open_ports(sys.argv[2]) - open_ports(sys.argv[1])
    print(",".join(map(str, sorted({port for _, port in new}))))
    print(*sorted({host for host, _ in new}, key=ip_address))


if __name__ == "__main__":
    main()
