"""Which channel a URL belongs to."""

from pathlib import Path

from netwatch_notify.deliver.channel import Channel
from netwatch_notify.deliver.mail import Mail
from netwatch_notify.deliver.matrix import Matrix
from netwatch_notify.deliver.service import Loaded, load, schema_of
from netwatch_notify.deliver.slack import Slack

_OTHER = Channel()
_CHANNELS = {
    schema: channel for channel in (Mail(), Slack(), Matrix()) for schema in channel.schemas
}


def open_channel(url: str, storage: Path | None = None) -> tuple[Channel, Loaded]:
    """Return the channel and a fresh service; UsageError, without a piece of the URL."""
    channel = _CHANNELS.get(schema_of(url), _OTHER)
    return channel, load(url, channel.settings, storage, channel.plugin, channel.defaults)
