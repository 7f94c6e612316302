"""In front of moto: writes every call down, lets go wrong what shall go wrong, and knows ClientTokens."""

import hashlib
import io
import socket
import threading
import uuid
from dataclasses import replace
from urllib.parse import urlencode

import accounts
import calls
import images
import moto_as_ec2 as ec2
import rules
import signon
from calls import Call, Refusal
from consoles import Consoles
from faults import Facts, Faults, Rule


class Cut(Exception):
    """The connection ends without an answer."""


class Gate:
    """A WSGI application around another one."""

    def __init__(self, moto, faults: Faults, consoles: Consoles):
        self._moto = moto
        self._faults = faults
        self._consoles = consoles
        self._log: list[Call] = []
        self._log_lock = threading.Lock()
        # (account, region, ClientToken): what was asked, and the answer.
        self._launches: dict[tuple[str, str, str], tuple[str, tuple]] = {}

    def log(self) -> list[dict]:
        with self._log_lock:
            return [call.record() for call in self._log]

    def forget_log(self) -> None:
        with self._log_lock:
            self._log.clear()

    def __call__(self, environ, start_response):
        call = calls.read(environ)
        request_id = str(uuid.uuid4())
        try:
            status, headers, body = self._answer(call, environ)
        except Refusal as refusal:
            status, headers = f"{refusal.status} Refused", [("Content-Type", "text/xml;charset=UTF-8")]
            body = calls.refusal_xml(refusal, call.service, request_id)
        except Cut:
            call.status = 0
            # The server finds out when it writes.
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            status, headers, body = "500 Cut", [], b""
        if call.status is None:
            call.status = int(status.split()[0])
        if call.status >= 400:
            call.code = calls.code_of(body)
        start_response(status, [*headers, ("x-amzn-RequestId", request_id)])
        return [body]

    def _answer(self, call: Call, environ: dict) -> tuple:
        if call.key == accounts.OPERATOR:
            return self._execute(call, environ)
        with self._log_lock:
            self._log.append(call)
            call.number = len(self._log)
        matching = self._faults.matching(call, facts(call))
        for rule in matching:
            if not rule.after:
                self._go_wrong(rule, call, environ)
        if call.service in ("ec2", "sts"):
            accounts.check(environ, call.body, call.service)
        if call.action == "AssumeRoleWithWebIdentity":
            accounts.check_identity(call.params.get("WebIdentityToken"))
        answer = self._execute_once(call, environ)
        for rule in matching:
            if rule.after:
                self._go_wrong(rule, call, environ)
        return answer

    def _go_wrong(self, rule: Rule, call: Call, environ: dict) -> None:
        call.fault = rule.kind
        if rule.kind == "error":
            raise Refusal(rule.code, rule.message or f"The region was told to answer {rule.code}.", rule.status)
        if rule.kind == "cut":
            raise Cut
        if rule.kind == "pause" and not self._faults.pause(call, lambda: is_gone(environ["werkzeug.socket"])):
            raise Cut

    def _execute_once(self, call: Call, environ: dict) -> tuple:
        token = call.params.get("ClientToken")
        if call.action != "RunInstances" or not token or call.params.get("DryRun") == "true":
            return self._execute(call, environ)
        asked = hashlib.sha256(repr(sorted(call.params.items())).encode()).hexdigest()
        launch = (accounts.account_of(call.key), call.region, token)
        with ec2.LOCK:
            known = self._launches.get(launch)
            if known is None:
                answer = self._execute(call, environ)
                if answer[0].startswith("200"):
                    self._launches[launch] = (asked, answer)
                return answer
        if known[0] != asked:
            raise Refusal("IdempotentParameterMismatch",
                          "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).")
        return known[1]

    def _execute(self, call: Call, environ: dict) -> tuple:
        if call.action == "GetRoleCredentials":
            return signon.portal(environ)
        if call.action == "GetConsoleOutput":
            body = self._consoles.answer(call, str(uuid.uuid4()))
            return "200 OK", [("Content-Type", "text/xml;charset=UTF-8")], body
        call = with_image(call, environ)
        account = environ["HTTP_X_MOTO_ACCOUNT_ID"] = accounts.account_of(call.key)
        answered = []
        with ec2.LOCK:
            ec2.CALLER.call = call if call.key != accounts.OPERATOR else None
            try:
                if call.service == "ec2":
                    rules.check(call, ec2.backend(call.region, account))
                body = b"".join(self._moto(environ, lambda status, headers, _=None: answered.append((status, headers))))
            finally:
                ec2.CALLER.call = None
        return (*answered[0], body)


def with_image(call: Call, environ: dict) -> Call:
    """The call with the id of the image that it names by a parameter."""
    name = call.params.get("ImageId", "")
    if not name.startswith("resolve:"):
        return call
    params = {**call.params, "ImageId": images.resolved(name, call.region)}
    body = urlencode({"Action": call.action, "Version": "2016-11-15", **params}).encode()
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))
    return replace(call, params=params)


def facts(call: Call) -> Facts:
    """What only the region knows about a call."""
    zone = call.params.get("Placement.AvailabilityZone")
    subnet = rules.subnet_of(call) if call.action == "RunInstances" else None
    if subnet:
        with ec2.LOCK:
            subnets = ec2.backend(call.region, accounts.account_of(call.key)).subnets
            found = [found for zone in subnets.values() for found in zone.values()]
        zone = next((found.availability_zone for found in found if found.id == subnet), zone)
    return Facts(zone, call.params.get("InstanceMarketOptions.MarketType") == "spot", call.params.get("InstanceType"))


def is_gone(connection: socket.socket) -> bool:
    """Whether the client has closed its end."""
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
