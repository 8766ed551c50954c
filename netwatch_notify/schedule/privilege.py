"""Give a command all that nmap needs, and nothing else: how root becomes another user for it."""

import grp
import pwd

SETPRIV = "/usr/bin/setpriv"
"""Part of util-linux (2.31 and newer know ambient capabilities), without which Debian does not
boot."""


def as_user(user: str, setpriv: str = SETPRIV) -> list[str]:
    """
    Return the words before a command that root calls, so that it runs as `user`.

    Of root's capabilities it keeps CAP_NET_RAW alone, which nmap inherits (capabilities(7),
    "Ambient"). A file capability on nmap would give raw sockets to every user of the machine, be
    lost at nmap's next upgrade, and clear the signal that ends nmap with its parent (prctl(2),
    PR_SET_PDEATHSIG).
    """
    if user == "root":
        return []
    return [
        setpriv,
        f"--reuid={user}",
        f"--regid={_group_of(user)}",
        "--init-groups",
        "--inh-caps=-all,+net_raw",
        "--ambient-caps=-all,+net_raw",
        "--bounding-set=-all,+net_raw",
        "--no-new-privs",
    ]


def _group_of(user: str) -> str:
    """Return the user's own group, `nogroup` of `nobody`; of a user to come it is the same name."""
    try:
        return grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name
    except KeyError:
        return user
