"""
Mutate scan files for a while: `python -m tests.fuzz SECONDS [SEED]`.

With atheris installed, what reaches new code is mutated further; without, chance alone decides.
Exits with 1 at the first input that breaks a promise, and keeps it in `.fuzz/`.
"""

import faulthandler
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from tests.fuzz.mutations import SEPARATOR, mutate
from tests.scan.documents import HEAD, TAIL, host_xml

TESTS = Path(__file__).parent.parent
KEPT = TESTS.parent / ".fuzz"
"""Where an input that broke something is kept."""
CORPUS = TESTS.parent.parent / "shared" / "corpus"
LIMIT_SECONDS = 30
"""For one input; those we make are below 200 kB."""
LARGEST = 200_000


def seeds() -> list[bytes]:
    """Return the files to begin with."""
    folders = (TESTS / "data" / "nmap", TESTS / "data" / "hostile", CORPUS)
    paths = sorted(path for folder in folders for path in folder.rglob("*.xml"))
    small = HEAD + host_xml(1) + host_xml(2) + host_xml(1, "<hostscript/>") + TAIL
    # In a small file a change of two things that have to do with each other is likelier.
    return [path.read_bytes() for path in paths] + [small.encode()] * (len(paths) // 2)


def plain_input(files: list[bytes], random: Random) -> bytes:
    """Return a file by chance, changed; or two, which may be the same one or spliced."""
    old = random.choice(files)
    if random.random() < 0.5:
        old = mutate(old, random)
    new = old
    if random.random() < 0.2:
        other = random.choice(files)
        new = old[: random.randrange(len(old) + 1)] + other[random.randrange(len(other) + 1) :]
    return (old + SEPARATOR + mutate(new, random, 3))[:LARGEST]


def run_plain(seconds: float, seed: int) -> int:
    """Make inputs by chance for a while; return how many."""
    from tests.fuzz.targets import check

    files, random = seeds(), Random(seed)
    ends_at = time.monotonic() + seconds
    count = 0
    while time.monotonic() < ends_at:
        data = plain_input(files, random)
        faulthandler.dump_traceback_later(LIMIT_SECONDS, exit=True)
        try:
            check(data)
        except BaseException:
            KEPT.mkdir(exist_ok=True)
            (KEPT / "crash-plain").write_bytes(data)
            print(f"input {count} of seed {seed} is kept in .fuzz/crash-plain", file=sys.stderr)
            raise
        count += 1
    faulthandler.cancel_dump_traceback_later()
    return count


def run_guided(seconds: int, seed: int) -> None:
    """Let atheris choose; it ends the process itself."""
    import atheris

    with atheris.instrument_imports(include=["netwatch_notify.scan", "netwatch_notify.diff"]):
        from tests.fuzz.targets import check

    folder = Path(tempfile.mkdtemp(prefix="netwatch-fuzz-"))
    files, random = seeds(), Random(seed)
    for number, data in enumerate(files):
        (folder / f"seed-{number}").write_bytes(data)
    for number in range(200):
        (folder / f"pair-{number}").write_bytes(plain_input(files, random))

    def change(data: bytes, max_size: int, seed: int) -> bytes:
        random = Random(seed)
        if random.random() < 0.1:
            return plain_input(files, random)[:max_size]
        old, separator, new = data.partition(SEPARATOR)
        if not separator:
            new = old
        elif random.random() < 0.2:
            old = mutate(old, random, 3)
        return (old + SEPARATOR + mutate(new, random, 4))[:max_size]

    KEPT.mkdir(exist_ok=True)
    options = [f"-max_total_time={seconds}", f"-max_len={LARGEST}", f"-timeout={LIMIT_SECONDS}"]
    options += [f"-seed={seed}", "-print_final_stats=1", "-rss_limit_mb=4096"]
    options += [f"-artifact_prefix={KEPT}/", "-verbosity=1", str(folder)]
    atheris.Setup([sys.argv[0], *options], check, custom_mutator=change)
    atheris.Fuzz()


def main() -> None:
    """Run for the given seconds."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time())
    print(f"seed {seed}", file=sys.stderr)
    try:
        import atheris  # noqa: F401
    except ImportError:
        print("atheris is not installed: mutating without its guidance", file=sys.stderr)
        count = run_plain(seconds, seed)
        print(f"{count} inputs, {count / seconds:.0f} per second; nothing broke", file=sys.stderr)
    else:
        run_guided(seconds, seed)


if __name__ == "__main__":
    main()
