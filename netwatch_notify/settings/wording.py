"""What is said of settings that cannot be used: a line for each variable, and no secret."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from netwatch_notify.model.text import clean
from netwatch_notify.settings.settings import variable_name

EXAMPLE_TARGETS = "192.168.1.0/24"
ERROR_LIMIT = 500
"""Characters of one variable's error that are shown."""
_SECRET_FIELDS = frozenset({"notify", "heartbeat_url", "hook"})


def error_lines(error: ValidationError, env_file: Path) -> list[str]:
    """Return one line per variable that is wrong, sorted; `env_file` is where to mend it."""
    messages: dict[str, list[str]] = {}
    for details in error.errors(include_url=False):
        field = str(details["loc"][0])
        messages.setdefault(field, []).append(_error_message(field, dict(details), env_file))
    return sorted(
        f"{variable_name(field)}: {clean('; '.join(dict.fromkeys(texts)), ERROR_LIMIT)}"
        for field, texts in messages.items()
    )


def field_line(field: str, error: ValidationError, env_file: Path) -> str:
    """Return the line for one variable that was checked alone."""
    details = dict(error.errors(include_url=False)[0])
    return f"{variable_name(field)}: {clean(_error_message(field, details, env_file), ERROR_LIMIT)}"


def _error_message(field: str, details: dict[str, Any], env_file: Path) -> str:
    context = details.get("ctx", {})
    value = "the value" if field in _SECRET_FIELDS else repr(details["input"])
    match details["type"]:
        case "missing":
            return (
                f"not set; say what to scan, such as {variable_name(field)}={EXAMPLE_TARGETS}, "
                f"in {env_file} or the environment"
            )
        case "too_short":
            return "names nothing"
        case "value_error":
            return str(context["error"])
        case "int_parsing" | "int_from_float" | "int_parsing_size":
            return f"{value} is no whole number"
        case "float_parsing" | "finite_number":
            return f"{value} is no number"
        case "greater_than_equal":
            return f"{value} is too small; at least {context['ge']}"
        case "greater_than":
            return f"{value} is too small; it must be more than {context['gt']:g}"
        case "less_than_equal":
            return f"{value} is too large; at most {context['le']:g}"
        case "enum":
            return f"{value} is none of {context['expected'].replace(' or ', ', ')}"
        case _:
            return "cannot be used" if field in _SECRET_FIELDS else str(details["msg"])
