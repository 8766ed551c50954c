"""
A Matrix client that can read encrypted rooms, as Element would: vodozemac is its cryptography.

It signs in with a device of its own, publishes that device's keys, and reads what is sent to it.
"""

import json
from typing import Any

import vodozemac

from tests.servers.synapse import Member, Synapse

_ALGORITHMS = ("m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2")


class Reader:
    """One device of a member."""

    def __init__(self, server: Synapse, member: Member) -> None:
        self.server = server
        self.member = server.sign_in(member)
        self.account = vodozemac.Account()
        self.received: list[dict[str, Any]] = []
        """The room keys that were sent to this device."""
        self._since = ""
        self._publish()

    def _publish(self) -> None:
        user, device = self.member.user_id, self.member.device
        keys = {
            f"curve25519:{device}": self.account.curve25519_key.to_base64(),
            f"ed25519:{device}": self.account.ed25519_key.to_base64(),
        }
        own = {"user_id": user, "device_id": device, "algorithms": _ALGORITHMS, "keys": keys}
        self.account.generate_one_time_keys(5)
        once = {
            f"signed_curve25519:{name}": self._signed({"key": key.to_base64()})
            for name, key in self.account.one_time_keys.items()
        }
        self.account.mark_keys_as_published()
        body = {"device_keys": self._signed(own), "one_time_keys": once}
        self.server.call("POST", "/keys/upload", self.member.token, body)

    def _signed(self, content: dict[str, Any]) -> dict[str, Any]:
        canonical = json.dumps(
            content, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        ).encode()
        signature = self.account.sign(canonical).to_base64()
        signer = {f"ed25519:{self.member.device}": signature}
        return {**content, "signatures": {self.member.user_id: signer}}

    def read(self, room: str) -> list[dict[str, Any]]:
        """Return the room's messages as a person sees them; those without a key say so."""
        self._take_keys()
        return [self._opened(event) for event in self.server.events(self.member, room)]

    def _take_keys(self) -> None:
        query = {"since": self._since} if self._since else {}
        found = self.server.call("GET", "/sync", self.member.token, timeout=0, **query)
        self._since = found["next_batch"]
        own = self.account.curve25519_key
        for event in found.get("to_device", {}).get("events", []):
            sealed = event["content"]["ciphertext"][own.to_base64()]
            assert sealed["type"] == 0, "a first message of an Olm session"
            sender = vodozemac.Curve25519PublicKey.from_base64(event["content"]["sender_key"])
            message = vodozemac.PreKeyMessage.from_base64(sealed["body"])
            _, plain = self.account.create_inbound_session(sender, message)
            told = json.loads(plain)
            assert told["recipient_keys"]["ed25519"] == self.account.ed25519_key.to_base64()
            self.received.append(told["content"])

    def _opened(self, event: dict[str, Any]) -> dict[str, Any]:
        if event["type"] != "m.room.encrypted":
            return {"in clear": True, **event["content"]}
        for key in self.received:
            if key["session_id"] == event["content"]["session_id"]:
                session = vodozemac.InboundGroupSession(vodozemac.SessionKey(key["session_key"]))
                message = vodozemac.MegolmMessage.from_base64(event["content"]["ciphertext"])
                told = json.loads(session.decrypt(message).plaintext)
                assert told["room_id"] == key["room_id"] == event["room_id"]
                content: dict[str, Any] = told["content"]
                return content
        return {"no key": True}
