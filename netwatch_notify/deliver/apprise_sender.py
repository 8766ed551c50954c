"""One message through apprise to one destination, and an honest word on how that went."""

from pathlib import Path

from netwatch_notify.deliver.channels import open_channel
from netwatch_notify.deliver.reasons import LIMIT, failure_reason, mask, overhear
from netwatch_notify.errors import UsageError
from netwatch_notify.model.message import Delivery, Destination, Parcel
from netwatch_notify.model.text import clean


def send(destination: Destination, parcel: Parcel, storage: Path | None = None) -> Delivery:
    """
    Send one message, and return how that went.

    The entry's id marks the message: where the service can tell a repetition (Matrix with an
    access token), sending the same entry twice shows it once. `storage` is a folder for what a
    service must remember; None: it remembers nothing.
    """
    with overhear() as overheard:
        try:
            channel, loaded = open_channel(destination.url, storage)
            delivered = channel.notify(loaded, parcel)
        except UsageError:
            return Delivery(
                False, "the destination's URL cannot be used; see netwatch-notify check"
            )
        except Exception as error:  # a plugin's bug must not cost the other messages
            reason = clean(mask(str(error), destination.url), LIMIT // 2)
            return Delivery(False, clean(f"{type(error).__name__}: {reason}", LIMIT))
    if delivered:
        return Delivery(True)
    return Delivery(False, failure_reason(overheard, destination.url))
