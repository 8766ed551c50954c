"""A setting's default as a user would write it."""

from pydantic.fields import FieldInfo

from netwatch_notify.model.port import PortKey, PortProtocol


def default_text(field: FieldInfo) -> str:
    """Return it; nothing where there is none or it varies."""
    default = None if field.is_required() else field.default
    if default is None or field.default_factory is not None:
        return ""
    if isinstance(default, frozenset):
        return ",".join(_port_text(key) for key in sorted(default))
    return " ".join(default) if isinstance(default, tuple) else str(default)


def _port_text(key: PortKey) -> str:
    return str(key.number) if key.protocol is PortProtocol.TCP else str(key)
