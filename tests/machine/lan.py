"""A small LAN on a machine's own wire, in a namespace inside the machine's."""

import json
from collections.abc import Mapping
from pathlib import Path

from tests.lan.network import BANNER_SERVER, LAN_SETTINGS, read_line
from tests.machine.machine import Machine, MachineError

SCANNER = "192.168.1.2"
GATEWAY = "192.168.1.1"

_SERVER = "/srv/lan/banner_server.py"


def add_lan(machine: Machine, hosts: Mapping[str, Mapping[int, str]]) -> None:
    """
    Join the machine, as 192.168.1.2, to a LAN of `hosts` at 192.168.1.0/24.

    `hosts`: address to its services, a TCP port to a name in `banner_server.SERVICES`. Each has
    a MAC address of its own that no vendor owns. No packet leaves the machine: its namespaces
    have no other link.
    """
    machine.write(_SERVER, Path(BANNER_SERVER).read_text(encoding="utf-8"))
    links = [
        "link set lo up",
        "link set wire up",
        f"route add {SCANNER}/32 dev wire",
    ]
    for address in hosts:
        number = int(address.rpartition(".")[2])
        name, mac = f"host{number}", f"02:00:00:4e:01:{number:02x}"
        links += [
            f"link add link wire name {name} address {mac} type macvlan mode bridge",
            f"address add {address}/32 dev {name}",
            f"link set {name} up",
        ]
    settings = "".join(f"echo {value} >/proc/sys/{name}\n" for name, value in LAN_SETTINGS.items())
    machine.must(["ip", "netns", "add", "lan"])
    machine.must(
        ["ip", "link", "add", "eth0", "type", "veth", "peer", "name", "wire", "netns", "lan"]
    )
    machine.must(["ip", "netns", "exec", "lan", "sh", "-e"], stdin=settings)
    machine.must(["ip", "-n", "lan", "-batch", "-"], stdin="\n".join(links) + "\n")
    machine.must(["ip", "address", "add", f"{SCANNER}/24", "dev", "eth0"])
    machine.must(["ip", "link", "set", "eth0", "up"])
    # The kernel says so a moment later, and `check` looks.
    up = "until ip link show eth0 | grep -q 'state UP'; do sleep 0.05; done"
    machine.must(["timeout", "10", "sh", "-c", up])

    server = machine.start(["ip", "netns", "exec", "lan", "python3", _SERVER])
    listen = [
        (address, port, name) for address, ports in hosts.items() for port, name in ports.items()
    ]
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write(json.dumps({"close": [], "listen": listen}) + "\n")
    server.stdin.flush()
    answer = read_line(server.stdout, 20)
    if not answer or not json.loads(answer)["ok"]:
        raise MachineError(f"the LAN's services did not start: {answer}")
