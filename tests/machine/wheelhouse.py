"""
The wheels that pip would download, made of what the tests' own environment has installed.

So a machine without a network can `pip install` in earnest: the same files, resolved, unpacked
and linked by pip itself. Stored, not compressed, because it is unpacked a moment later.
"""

import re
import zipfile
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PIP_CONF = """\
[global]
disable-pip-version-check = true
no-index = true
find-links = {folder}
[install]
no-compile = true
"""
"""Of a machine whose wheelhouse is at `folder`."""


def build_wheelhouse(folder: Path, requirements: Iterable[str]) -> None:
    """Write a wheel of each distribution that `requirements` need, and of those these need."""
    for distribution in _needed(requirements):
        _write_wheel(folder, distribution)


def _needed(requirements: Iterable[str]) -> list[metadata.Distribution]:
    """Return the installed distributions, each once; PackageNotFoundError names what is missing."""
    found: dict[tuple[str, str], metadata.Distribution] = {}
    waiting = [(Requirement(text), "") for text in requirements]
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        for wanted in ("", *requirement.extras):
            key = (canonicalize_name(requirement.name), wanted)
            if key in found:
                continue
            found[key] = distribution = metadata.distribution(requirement.name)
            waiting += [(Requirement(text), wanted) for text in distribution.requires or ()]
    return list({name: distribution for (name, _), distribution in found.items()}.values())


def _write_wheel(folder: Path, distribution: metadata.Distribution) -> None:
    tags = re.findall(r"^Tag: *(\S+)", distribution.read_text("WHEEL") or "", re.MULTILINE)
    name = re.sub(r"[-_.]+", "_", distribution.metadata["Name"])
    # Several tags of one wheel differ in one place, such as the two manylinux of one file.
    parts = zip(*(tag.split("-") for tag in tags), strict=True)
    tag = "-".join(".".join(dict.fromkeys(part)) for part in parts)
    with zipfile.ZipFile(folder / f"{name}-{distribution.version}-{tag}.whl", "w") as wheel:
        for file in distribution.files or ():
            # pip writes scripts and byte code itself.
            if ".." not in file.parts and file.suffix != ".pyc" and file.name != "direct_url.json":
                wheel.write(str(file.locate()), str(file))
