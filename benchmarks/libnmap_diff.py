"""
Count the hosts that python-libnmap finds changed: contender C of benchmarks.diff.

    python -m benchmarks.libnmap_diff OLD NEW

Exits as ndiff does: 0 nothing changed, 1 something did. Hosts are found by address in a dict, not
by `get_host_byid`, which goes through the whole report for each.
"""

import sys

from libnmap.parser import NmapParser


def main() -> int:
    old, new = (
        {host.address: host for host in NmapParser.parse_fromfile(path).hosts}
        for path in sys.argv[1:3]
    )
    changed = len(old.keys() ^ new.keys())
    for address in old.keys() & new.keys():
        difference = old[address].diff(new[address])
        # `changed` alone leaves out ports that only one of the two has.
        changed += bool(difference.changed() or difference.added() or difference.removed())
    print(changed)
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
