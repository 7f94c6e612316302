"""What `GetConsoleOutput` answers: the end of what a computer has printed, as EC2 gives it, or what it was told to."""

import base64
import hashlib
import re
from xml.sax.saxutils import escape

import accounts
import moto_as_ec2 as ec2
from calls import Call, Refusal

# EC2 keeps so much.
_KEPT = 64 * 1024

# Families that are no Nitro systems: EC2 has their output minutes later, and refuses to be asked for the latest.
_OLD = re.compile(r"(t1|t2|m[1-4]|c[1-4]|r[34]|i[23])\.")

_OTHER_KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ"
_OTHER_PRINT = base64.b64encode(hashlib.sha256(base64.b64decode(_OTHER_KEY)).digest()).decode().rstrip("=")


class Consoles:
    """The consoles of all computers, and what shall go wrong with them."""

    def __init__(self, network):
        self._network = network
        self.clear()

    def clear(self) -> None:
        # How many answers are still to be empty; whether keys are somebody else's.
        self.empty, self.wrong = 0, False

    def break_(self, how: str, count: int) -> None:
        if how == "wrong-key":
            self.wrong = True
        else:
            self.empty = count

    def in_force(self) -> list[dict]:
        faults = (("console empty", self.empty), ("console wrong-key", self.wrong))
        return [{"kind": kind, "value": value} for kind, value in faults if value]

    def answer(self, call: Call, request_id: str) -> bytes:
        with ec2.LOCK:
            name = call.params.get("InstanceId", "")
            backend = ec2.backend(call.region, accounts.account_of(call.key))
            instance = next((one for one in backend.all_instances() if one.id == name), None)
        if instance is None:
            raise Refusal("InvalidInstanceID.NotFound", f"The instance ID '{name}' does not exist")
        if call.params.get("Latest") == "true" and _OLD.match(instance.instance_type):
            raise Refusal("UnsupportedOperation",
                          "This instance type does not support retrieving the latest console logs. "
                          "We will make them available to you when they are.")
        text = self._text(name)
        output = f"<output>{base64.b64encode(text).decode()}</output>" if text else ""
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<GetConsoleOutputResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
            f"<requestId>{request_id}</requestId><instanceId>{escape(name)}</instanceId>"
            f"<timestamp>{ec2.utcnow():%Y-%m-%dT%H:%M:%S.000Z}</timestamp>{output}</GetConsoleOutputResponse>"
        ).encode()

    def _text(self, name: str) -> bytes:
        if self.empty > 0:
            self.empty -= 1
            return b""
        text = self._network.printed(name)[-_KEPT:]
        if self.wrong:
            text = re.sub(rb"(ssh-ed25519|ssh-rsa|ecdsa-sha2-\S+) AAAA\S+", f"ssh-ed25519 {_OTHER_KEY}".encode(), text)
            text = re.sub(rb"SHA256:[A-Za-z0-9+/]{43}", f"SHA256:{_OTHER_PRINT}".encode(), text)
        return text
