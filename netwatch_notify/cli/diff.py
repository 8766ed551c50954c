"""`diff OLD NEW`: ndiff's invocation and exit codes."""

import sys
from pathlib import Path

from netwatch_notify.pipeline.diff import DiffOptions, write_text, write_xml
from netwatch_notify.scan.pair import ScanPair


def compare_files(old: Path, new: Path, *, form: str, everything: bool) -> int:
    """Print how two files differ; return 0 if they do not, 1 if they do."""
    options = DiffOptions(everything=everything)
    write = write_xml if form == "xml" else write_text
    with ScanPair(old, new, everything=everything) as pair:
        differs = write(pair, options, sys.stdout.write)
    return 1 if differs else 0
