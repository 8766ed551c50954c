"""One message through apprise to one destination, and an honest word on how that went."""

from pathlib import Path

from netwatch_notify.deliver.answers import AskedToWaitError, listen
from netwatch_notify.deliver.channels import open_channel
from netwatch_notify.deliver.reasons import LIMIT, mask, overhear
from netwatch_notify.deliver.refusal import RefusedError
from netwatch_notify.deliver.verdict import judge
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
    url = destination.url
    with overhear() as overheard, listen() as answers:
        try:
            channel, loaded = open_channel(url, storage)
        except UsageError:
            reason = "the destination's URL cannot be used; see netwatch-notify check"
            return Delivery(False, reason, permanent=True)
        try:
            if channel.notify(loaded, parcel):
                return Delivery(True)
        except RefusedError as refusal:
            return Delivery(False, str(refusal), permanent=True)
        except AskedToWaitError:
            pass  # most plugins catch it; how long stands in the answer
        except Exception as error:  # a plugin's bug must not cost the other messages
            reason = clean(mask(str(error), url), LIMIT // 2)
            reason = clean(f"{type(error).__name__}: {reason}", LIMIT)
            return Delivery(False, reason, uncertain=True)
    return judge(answers, overheard, url, "Slack" if loaded.schema == "slack" else "")
