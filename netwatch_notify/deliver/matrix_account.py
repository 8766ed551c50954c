"""
Who we are to a homeserver: signed in, one process at a time, with one device that stays.

apprise's Matrix plugin does the talking; the parts used here are its own, and private. They are
called rather than overridden: should apprise rename one, a message fails instead of going out
unencrypted.
"""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from netwatch_notify.deliver.refusal import RefusedError
from netwatch_notify.deliver.service import Loaded

KEPT_SECONDS = 10 * 365 * 24 * 3600
"""How long account and keys are kept. apprise forgets them after 20 days, and a device whose keys
change is one that clients do not believe any more."""


@contextmanager
def only_one(loaded: Loaded) -> Iterator[Any]:
    """
    Yield the plugin for as long as no other process uses the same account.

    It is made anew behind the lock: what it keeps between runs is read when it is made, and
    written whole.
    """
    if is_forgetful(loaded.service):
        yield _prepared(loaded.service)
        return
    # Where apprise keeps this account; it would let the umask say who may look.
    folder = Path(loaded.service.asset.storage_path) / loaded.service.url_id()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a killed process lets go of it
        yield _prepared(loaded.again().service)


def is_forgetful(service: Any) -> bool:
    """Whether what it learns is gone with the process."""
    return bool(service.store.mode == "memory")


def _prepared(service: Any) -> Any:
    service.default_cache_expiry_sec = KEPT_SECONDS
    service.request_rate_per_sec = 0.0  # one message a night needs no brake of ours
    return service


def sign_in(service: Any) -> bool:
    """Make sure that there is an access token; a kept one may turn out to be void."""
    if not service.user:
        service.access_token = service.password
        return True
    return bool(service.access_token or service._login())


def sign_in_again(service: Any) -> bool:
    """Exchange a void token for a new one of the same device, if there is a password."""
    if not service.user:
        return False
    service.store.clear("access_token")
    service.access_token = None
    return bool(service._login())


def own_device(service: Any) -> bool:
    """
    Make sure that our device has keys, that the homeserver knows them, and that they are ours.

    Refused if it has others: a token copied out of Element belongs to Element's device, whose
    keys apprise would replace, so that neither could be read any more.
    """
    if not (service.user_id and service.device_id) and not service._whoami():
        return False
    user, device = service.user_id, service.device_id
    if not (user and device):
        raise RefusedError("the room is encrypted, and the access token belongs to no device")
    asked = {"device_keys": {user: [device]}}
    known, answer, _ = service._fetch("/keys/query", payload=asked)
    if not known:
        return False
    keys = answer.get("device_keys", {}).get(user, {}).get(device, {}).get("keys", {})
    account = service._e2ee_account
    if not keys:
        service.store.clear("e2ee_keys_uploaded")
        if not service.store.set("e2ee_kept_at", time.time()):
            # Uploaded but not kept, the next message would find them foreign.
            raise OSError("keys cannot be kept in the state directory")
    elif account is None or keys.get(f"ed25519:{device}") != account.signing_key:
        raise RefusedError(
            "the room is encrypted, and the access token's device has keys of another program; "
            "log in once more for a token of netwatch-notify's own"
        )
    return bool(service._e2ee_setup())
