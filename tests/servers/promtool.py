"""Prometheus' own judgement of metrics and of alert rules."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def promtool(*arguments: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Call promtool; without it the test is skipped, and fails in CI."""
    program = shutil.which("promtool")
    if program is None:
        reason = "promtool is not installed: Debian has it in the package prometheus"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return subprocess.run(
        [program, *map(str, arguments)], input=stdin, capture_output=True, text=True, timeout=60
    )


def assert_clean(metrics: str) -> None:
    """Let promtool read and criticise the metrics."""
    judged = promtool("check", "metrics", stdin=metrics)
    assert (judged.returncode, judged.stdout, judged.stderr) == (0, "", "")
