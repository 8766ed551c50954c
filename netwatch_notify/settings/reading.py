"""Read the settings from the environment and one env file, and check them all at once."""

import io
import os
import stat
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any

from dotenv.parser import parse_stream
from pydantic import TypeAdapter, ValidationError
from pydantic_settings import EnvSettingsSource

from netwatch_notify.errors import UsageError
from netwatch_notify.model.paths import DEFAULT_ENV_FILE
from netwatch_notify.model.text import clean
from netwatch_notify.settings.settings import PREFIX, Settings, default_state_dir, variable_name
from netwatch_notify.settings.wording import error_lines, field_line

_MAY_BE_EMPTY = frozenset(
    {
        "exclude",
        "ports",
        "fast_args",
        "detail_args",
        "notify",
        "dynamic",
        "risky_ports",
        "volatile_scripts",
    }
)
"""Where an empty value means "none"; elsewhere it means the default."""


def load_settings(env_file: Path | None, environment: Mapping[str, str] | None = None) -> Settings:
    """
    Read the env file, then the environment, which wins, and check both.

    Without `env_file`, `DEFAULT_ENV_FILE` is read where it exists and may be read. UsageError
    has one line per variable that is wrong, sorted, and holds no secret.
    """
    environment = os.environ if environment is None else environment
    variables = {**_file_variables(env_file), **environment}
    given = {
        name: value.strip()
        for field in Settings.model_fields
        if (value := variables.get(name := variable_name(field))) is not None
        and (value.strip() or field in _MAY_BE_EMPTY)
    }
    source = EnvSettingsSource(Settings)
    source.env_vars = {name.lower(): value for name, value in given.items()}
    values = source()
    if "state_dir" not in values:
        network = values.get("network", "lan")
        values["state_dir"] = default_state_dir(network, environment)
    try:
        return Settings(**values)
    except ValidationError as error:
        lines = error_lines(error, env_file or DEFAULT_ENV_FILE)
    # Outside of `except`, so that no traceback carries pydantic's error with the values in it.
    raise UsageError("\n".join(lines))


def load_fields(
    names: Collection[str], env_file: Path | None, environment: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """
    Read a few settings alone, for what needs no network: no other has to be there, or be right.

    Returns each by its name; `network` must come before `state_dir`. UsageError has one line per
    variable that is wrong.
    """
    environment = os.environ if environment is None else environment
    variables = {**_file_variables(env_file), **environment}
    values: dict[str, Any] = {}
    lines: list[str] = []
    for name in names:
        field = Settings.model_fields[name]
        text = variables.get(variable_name(name), "").strip()
        given = variable_name(name) in variables and (text or name in _MAY_BE_EMPTY)
        if not given:
            values[name] = field.get_default()
            if name == "state_dir":
                values[name] = default_state_dir(values["network"], environment)
            continue
        kind: Any = field.annotation
        if field.metadata:
            kind = Annotated[kind, *field.metadata]
        adapter: TypeAdapter[Any] = TypeAdapter(kind)
        try:
            values[name] = adapter.validate_python(text)
        except ValidationError as error:
            lines.append(field_line(name, error, env_file or DEFAULT_ENV_FILE))
    if lines:
        raise UsageError("\n".join(sorted(lines)))
    return values


def unknown_variables(
    env_file: Path | None, environment: Mapping[str, str] | None = None
) -> list[str]:
    """Return the `NETWATCH_` variables that no setting has, sorted: mostly slips of the pen."""
    environment = os.environ if environment is None else environment
    known = {variable_name(field) for field in Settings.model_fields}
    names = {*_file_variables(env_file), *environment}
    return sorted(clean(n) for n in names - known if n.upper().startswith(PREFIX))


def env_file_is_exposed(path: Path) -> bool:
    """Whether every user of the machine may read `path`, and the secrets in it."""
    return bool(path.stat().st_mode & stat.S_IROTH)


def _file_variables(env_file: Path | None) -> dict[str, str]:
    path = env_file
    if path is None:
        if not os.access(DEFAULT_ENV_FILE, os.R_OK):
            return {}
        path = DEFAULT_ENV_FILE
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(
            f"{path}: {error.strerror}; name an env file that exists and can be read"
        ) from error
    except UnicodeDecodeError:
        text = None
    if text is None:
        raise UsageError(f"{path}: is not UTF-8 text; save it as UTF-8")
    variables: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(text)):
        if binding.error or (binding.key and binding.value is None):
            # The line itself is not shown: it may hold a password.
            line = binding.original.line + _blank_lines(binding.original.string)
            raise UsageError(
                f"{path}: line {line} is not NAME=value, or has a quote that is not closed"
            )
        if binding.key and binding.value is not None:
            variables[binding.key] = binding.value
    return variables


def _blank_lines(text: str) -> int:
    return text[: len(text) - len(text.lstrip())].count("\n")
