"""Devices and where they are: `A1 B2` is device A at .1 and B at .2; for tests only."""

from dataclasses import replace

from netwatch_notify.model.change import Change, ChangeKind
from netwatch_notify.model.host import Host
from netwatch_notify.model.look import SecondLook
from netwatch_notify.model.port import ScriptOutput
from netwatch_notify.model.scan import PartResult
from tests.builders import NO_LOOK, Nights, host, inventory, port, scan

MACS = {name: f"00:11:32:00:00:{name * 2}" for name in "ABCDE"}
PRIVATE = {name: f"02:11:32:00:00:{name * 2}" for name in "ABCDE"}
KEY = "2048 11:22:33:44 (RSA)\n256 aa:bb:cc:dd (ECDSA)"
"""As the inventory has it: its lines sorted."""
POOL = "192.0.2.100-199"
STAY = [host(f"192.0.2.{n}") for n in (50, 51, 52)]


def device(name: str, address: int, *ports: str, macs: dict[str, str] = MACS) -> Host:
    return host(f"192.0.2.{address}", *(ports or ("22",)), mac=macs[name], vendor=f"Maker {name}")


def with_key(address: int, output: str = KEY, **facts: object) -> Host:
    ssh = replace(port("22"), scripts=(ScriptOutput("ssh-hostkey", output),))
    return host(f"192.0.2.{address}", ssh, **facts)


def seen(*hosts: Host) -> PartResult:
    return scan(*hosts, *STAY)


def story(*hosts: Host, **rules: object) -> Nights:
    return Nights(inventory(*hosts, *STAY), **rules)  # type: ignore[arg-type]


def said(nights: Nights, *results: PartResult, second: SecondLook = NO_LOOK) -> list[str]:
    """What is told: kind, the last octet (where it was → where it is), port."""

    def short(change: Change) -> str:
        place = str(change.address).rpartition(".")[2]
        if change.kind in (ChangeKind.HOST_MOVED, ChangeKind.HOST_BACK) and change.was:
            place = f"{change.was.rpartition('.')[2]}→{place}"
        return " ".join(filter(None, (change.kind.value, place, str(change.key or ""))))

    return sorted(map(short, nights.next(*results, look=second).changes))


def where(nights: Nights) -> dict[int, str]:
    """Who is at each address now, by the inventory."""
    names = {mac: name for name, mac in (*MACS.items(), *PRIVATE.items())}
    return {
        int(address) & 255: names[known.mac]
        for address, known in sorted(nights.inventory.hosts.items(), key=lambda item: str(item[0]))
        if known.mac
    }


def lay(text: str, macs: dict[str, str] = MACS) -> list[Host]:
    """`A1 B2`: device A at .1, B at .2."""
    return [device(word[0], int(word[1:]), macs=macs) for word in text.split()]
