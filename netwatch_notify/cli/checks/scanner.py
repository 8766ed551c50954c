"""nmap: is it there, is it new enough, and what may it do?"""

from netwatch_notify.cli.checks.tonight import Tonight
from netwatch_notify.cli.finding import Finding, bad, failures, good, warning
from netwatch_notify.errors import ScanError
from netwatch_notify.model.inventory import PastRun
from netwatch_notify.model.port import PortProtocol
from netwatch_notify.model.text import clean
from netwatch_notify.scan.privilege import Privilege, privilege_of
from netwatch_notify.scan.runner import find_nmap, nmap_version
from netwatch_notify.scan.version import REQUIRED, parse_version

NEEDED = ".".join(map(str, REQUIRED))
WORDS = {
    Privilege.ROOT: "root: a SYN scan, MAC addresses are seen",
    Privilege.AMBIENT: "cap_net_raw from whoever starts it: a SYN scan, MAC addresses are seen",
    Privilege.FILE: "nmap has cap_net_raw: a SYN scan, MAC addresses are seen",
    Privilege.NONE: "none: a connect scan, which is slower, sees no MAC addresses (so nobody is "
    "recognised at a new address) and finds fewer hosts",
}


def nmap(tonight: Tonight) -> list[Finding]:
    """The nmap that will be started."""
    try:
        path = find_nmap(tonight.settings.nmap_path)
        found, said = clean(path), clean(nmap_version(path))
    except ScanError as error:
        return failures("nmap", error)
    version = parse_version(said)
    if version is None:
        text = f"{found} says {said!r}, which is no version of nmap"
        return [warning("nmap", text, f"set NETWATCH_NMAP_PATH to nmap {NEEDED} or newer")]
    if version < REQUIRED:
        text = f"{found} is {said}, and {NEEDED} is needed"
        return [bad("nmap", text, "upgrade nmap, or set NETWATCH_NMAP_PATH to a newer one")]
    return [good("nmap", f"{found}, {said}")]


def privileges(tonight: Tonight) -> list[Finding]:
    """What nmap may do, and whether the last scan was of another kind."""
    privilege = privilege_of(str(tonight.settings.nmap_path or "nmap"))
    findings = [judge(privilege)]
    covered = tonight.recorded.covered if tonight.recorded else None
    if covered and (text := other_kind(covered, privilege, tonight.settings.fast_args)):
        remedy = "keep to one kind; if this is to be the kind from now on, let it run twice"
        findings.append(warning("privileges", text, remedy))
    return findings


def judge(privilege: Privilege) -> Finding:
    """Return what a privilege means for the scan; pure."""
    if privilege.is_enough:
        return good("privileges", WORDS[privilege])
    remedy = "run it as root, or netwatch-notify install --user netwatch"
    return warning("privileges", WORDS[privilege], remedy)


def other_kind(covered: PastRun, privilege: Privilege, arguments: tuple[str, ...]) -> str:
    """Return what is lost if tonight's TCP scan is not of the kind of the last one; pure."""
    kinds = {
        kind
        for coverage in covered.coverages
        for protocol, kind in coverage.types
        if protocol is PortProtocol.TCP
    }
    tonight = "connect" if not privilege.is_enough or "-sT" in arguments else "syn"
    if not kinds <= {"syn", "connect"} or tonight in kinds or not kinds:
        return ""
    return (
        f"the last run made a {kinds.pop()} scan, tonight's will be a {tonight} scan: what one "
        "saw is not compared with the other"
    )
