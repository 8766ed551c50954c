"""What gives nmap its raw sockets, if anything does: SYN scans, ARP and MAC addresses need them."""

import os
import shutil
import struct
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

CAP_NET_RAW = 13
"""Its number; include/uapi/linux/capability.h."""
_EFFECTIVE = 0x000001
_REVISIONS = {0x01000000: 1, 0x02000000: 2, 0x03000000: 2}
"""Of `struct vfs_cap_data`, with how many pairs of 32-bit words each has."""
_WITH_OWNER = 0x03000000


class Privilege(StrEnum):
    """Where nmap's privilege comes from."""

    ROOT = "root"
    AMBIENT = "ambient"
    """This process has cap_net_raw in a way that every program it starts has it, too."""
    FILE = "file"
    """The file nmap has cap_net_raw, and this user may use it."""
    NONE = "none"
    """nmap makes a connect scan."""

    @property
    def is_enough(self) -> bool:
        """Whether nmap may open raw sockets."""
        return self is not Privilege.NONE

    @property
    def must_be_told(self) -> bool:
        """Whether nmap has to be told so: of itself it believes only root (7.93)."""
        return self in (Privilege.AMBIENT, Privilege.FILE)


@dataclass(frozen=True, slots=True)
class ProcessCapabilities:
    """The capability sets of a process, each a mask."""

    effective: int = 0
    permitted: int = 0
    inheritable: int = 0
    ambient: int = 0
    bounding: int = 0
    no_new_privileges: bool = False
    """A file then gives nothing that the process has not."""


@dataclass(frozen=True, slots=True)
class FileCapabilities:
    """What a file gives to who executes it."""

    permitted: int
    inheritable: int
    is_effective: bool
    """Whether a program that knows nothing of capabilities, like nmap, has them in effect."""


def privilege_of(nmap: str | None, status: Path = Path("/proc/self/status")) -> Privilege:
    """
    Return what gives `nmap` (its path, or a name on PATH) raw sockets; it is not started.

    `status` is what the kernel says of the process that would start it. Without an nmap, what
    any program started by it would have.
    """
    process = read_status(status)
    path = shutil.which(nmap) if nmap else None
    found = file_capabilities(Path(path)) if path else None
    return decide(process, found, is_root=os.geteuid() == 0)


def decide(
    process: ProcessCapabilities, file: FileCapabilities | None, *, is_root: bool
) -> Privilege:
    """
    Apply the kernel's rules for execve to cap_net_raw; pure.

    Root of a container from which the capability was taken away has none, whatever nmap thinks.
    Source: capabilities(7), "Transformation of capabilities during execve()", 2022-10.
    """
    if is_root and _has(process.effective):
        return Privilege.ROOT
    if file is None:
        return Privilege.AMBIENT if _has(process.ambient) else Privilege.NONE
    # A file with capabilities clears the ambient set; it gives only what the bounding set has,
    # and where that is less than the file promises, it does not even start.
    is_whole = file.permitted & ~process.bounding == 0
    gives = file.permitted | (file.inheritable & process.inheritable)
    if process.no_new_privileges:
        gives &= process.permitted
    return Privilege.FILE if file.is_effective and is_whole and _has(gives) else Privilege.NONE


def read_status(path: Path) -> ProcessCapabilities:
    """Return the sets that `/proc/PID/status` shows; all empty where it cannot be read."""
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return ProcessCapabilities()
    facts = {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return ProcessCapabilities(
        effective=int(facts.get("CapEff", "0"), 16),
        permitted=int(facts.get("CapPrm", "0"), 16),
        inheritable=int(facts.get("CapInh", "0"), 16),
        ambient=int(facts.get("CapAmb", "0"), 16),
        bounding=int(facts.get("CapBnd", "0"), 16),
        no_new_privileges=facts.get("NoNewPrivs", "0") != "0",
    )


def file_capabilities(path: Path) -> FileCapabilities | None:
    """
    Return what the file gives; None where it gives nothing.

    A script gives nothing, and neither does a file on a file system mounted `nosuid`.
    """
    try:
        path = path.resolve(strict=True)
        data = os.getxattr(path, "security.capability")
        if os.statvfs(path).f_flag & os.ST_NOSUID:
            return None
        with path.open("rb") as file:
            if file.read(2) == b"#!":
                return None
    except PermissionError:
        # A file that may be executed and not be read is no script.
        return parse_capabilities(data)
    except OSError:
        return None
    return parse_capabilities(data)


def parse_capabilities(data: bytes) -> FileCapabilities | None:
    """
    Read the attribute `security.capability`; None for what is no such thing, or not for us.

    A magic word with the revision and the flag, then pairs of permitted and inheritable words,
    all little endian; revision 3 has the user who is root where it counts.
    Source: linux/capability.h, `struct vfs_cap_data` and `vfs_ns_cap_data`, Linux 6.1.
    """
    if len(data) < 4:
        return None
    (magic,) = struct.unpack_from("<I", data)
    revision = magic & 0xFF000000
    pairs = _REVISIONS.get(revision)
    if pairs is None or len(data) < 4 + 8 * pairs:
        return None
    if revision == _WITH_OWNER and data[20:24] != bytes(4):
        # Given inside another user namespace; the kernel shows our own as revision 2.
        return None
    words = struct.unpack_from(f"<{2 * pairs}I", data, 4)
    permitted = sum(word << 32 * place for place, word in enumerate(words[0::2]))
    inheritable = sum(word << 32 * place for place, word in enumerate(words[1::2]))
    return FileCapabilities(permitted, inheritable, bool(magic & _EFFECTIVE))


def _has(mask: int) -> bool:
    return bool(mask >> CAP_NET_RAW & 1)
