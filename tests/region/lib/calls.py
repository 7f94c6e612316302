"""One call of the API, as it arrived, and error answers in EC2's own form."""

import io
import re
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

_CREDENTIAL = re.compile(r"Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request")


@dataclass
class Call:
    """A request to one of the services; EC2's parameters are flat (`InstanceId.1`)."""

    action: str
    params: dict[str, str]
    region: str
    service: str
    key: str
    agent: str
    body: bytes
    number: int = 0
    time: float = field(default_factory=time.time)
    # HTTP status and error code of the answer; None while there is none, 0 when the connection was cut.
    status: int | None = None
    code: str | None = None
    fault: str | None = None

    def values(self, prefix: str) -> list[str]:
        """`values("InstanceId")`: all of InstanceId.1, InstanceId.2, ..."""
        return [value for name, value in self.params.items() if re.fullmatch(rf"{re.escape(prefix)}\.\d+", name)]

    def first(self, *patterns: str) -> str | None:
        """The value of the first parameter whose name matches one of these regular expressions."""
        for pattern in patterns:
            for name, value in self.params.items():
                if re.fullmatch(pattern, name):
                    return value
        return None

    def permissions(self) -> set[str]:
        """What a policy must allow for this call: who tags at birth or passes a role needs more than the action."""
        more = [("TagSpecification.", "CreateTags"), ("IamInstanceProfile.", "PassRole")]
        names = {self.action, *(name for prefix, name in more if any(key.startswith(prefix) for key in self.params))}
        return names | ({"GetParameters"} if self.params.get("ImageId", "").startswith("resolve:ssm:") else set())

    def record(self) -> dict:
        """For the log."""
        return {
            "number": self.number, "time": round(self.time, 3), "region": self.region, "service": self.service,
            "action": self.action, "params": self.params, "key": self.key, "agent": self.agent,
            "status": self.status, "code": self.code, "fault": self.fault,
        }


@dataclass
class Refusal(Exception):
    """An error answer."""

    code: str
    message: str
    status: int = 400


def read(environ: dict) -> Call:
    """Takes the body out of a WSGI request and puts it back for the next reader."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length)
    environ["wsgi.input"] = io.BytesIO(body)
    params = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    params = params or dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    scope = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    key, _, region, service = scope.groups() if scope else ("", "", "", "")
    return Call(
        action=params.pop("Action", "") or _action(environ),
        params={name: value for name, value in params.items() if name != "Version"},
        region=region, service=service, key=key, agent=environ.get("HTTP_USER_AGENT", ""), body=body,
    )


def _action(environ: dict) -> str:
    """The action where it is not a parameter."""
    if environ.get("PATH_INFO") == "/federation/credentials":
        return "GetRoleCredentials"
    return environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]


def refusal_xml(refusal: Refusal, service: str, request_id: str) -> bytes:
    """EC2's own form, and the one of all other services."""
    error = f"<Code>{escape(refusal.code)}</Code><Message>{escape(refusal.message)}</Message>"
    if service == "ec2":
        answer = f"<Response><Errors><Error>{error}</Error></Errors><RequestID>{request_id}</RequestID></Response>"
    else:
        answer = f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{answer}'.encode()


def code_of(answer: bytes) -> str | None:
    """The error code in an answer that is an error."""
    found = re.search(rb"<Code>([^<]+)</Code>", answer)
    return found.group(1).decode() if found else None
