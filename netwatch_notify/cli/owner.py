"""Root's commands act as the user to whom the network's state belongs."""

import os
import pwd
import sys
from collections.abc import Sequence
from pathlib import Path

from netwatch_notify.errors import NetwatchError, UsageError
from netwatch_notify.model.paths import DEFAULT_ENV_FILE
from netwatch_notify.schedule.privilege import as_user
from netwatch_notify.settings.reading import load_fields

OF_ALL = frozenset({"run", "deliver", "check", "status"})
"""With `--all` these start one process a network, and each of those comes here by itself."""


def continue_as_owner(env_file: Path | None, command: str, words: Sequence[str]) -> None:
    """
    Go on as another process if root was called for a state that is another user's.

    Otherwise what root writes there (`accept`, a run by hand) would stand in the way of that
    user's next run. `words` is what stood on the command line.
    """
    if os.geteuid() != 0 or (command in OF_ALL and "--all" in words):
        return
    try:
        state: Path = load_fields(("network", "state_dir"), env_file)["state_dir"]
    except NetwatchError:
        # The command says what is wrong, or needs none of it.
        return
    # `check` finds what is wrong between the two, which the owner may be unable to see.
    if command != "check" or _can_read(state, env_file or DEFAULT_ENV_FILE):
        act_as_owner_of(state)


def _can_read(state: Path, env_file: Path) -> bool:
    """Whether the owner of a state directory is there and can read the env file."""
    from netwatch_notify.cli.checks.files import may, user_of

    try:
        user = user_of(pwd.getpwuid(state.stat().st_uid).pw_name)
        return user is not None and may(user, env_file, os.R_OK)
    except (KeyError, OSError):
        return False


def act_as_owner_of(state: Path) -> None:
    """Go on as the user to whom a state directory belongs, if we are root and it is there."""
    try:
        owner = state.stat().st_uid
    except OSError:
        return
    if owner == 0 or os.geteuid() != 0:
        return
    try:
        user = pwd.getpwuid(owner).pw_name
    except KeyError:
        raise UsageError(
            f"{state}: belongs to user {owner}, whom this machine does not know; chown -R it to "
            "root or to the user who runs netwatch-notify"
        ) from None
    sys.stdout.flush()
    # The very words of this process, its interpreter and its options among them.
    command_line = [*as_user(user), sys.executable, *sys.orig_argv[1:]]
    try:
        os.execv(command_line[0], command_line)  # noqa: S606  # a list of words, no shell
    except OSError as error:
        raise UsageError(
            f"{command_line[0]}: {error.strerror}; it is needed to act as {user}, to whom {state} "
            "belongs"
        ) from error
