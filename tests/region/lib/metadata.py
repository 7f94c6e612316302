"""The metadata service of the machine on which the program runs, at 169.254.169.254: nothing is there until it is
given a role, and every attempt to connect is counted. Version 2 only (a token first), as on today's instances."""

import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import accounts

ADDRESS = "169.254.169.254"
# The same service for whoever is told another address (AWS_EC2_METADATA_SERVICE_ENDPOINT).
OTHER = ("127.0.0.1", 1338)
_TOKEN = "dG9rZW4tb2YtdGhlLW1ldGFkYXRhLXNlcnZpY2U="
_ROLES = "/latest/meta-data/iam/security-credentials/"

# Without the address, packets leave by the bridge, where somebody would have to refuse them.
_RULES = f"""table ip metadata {{
    counter attempts {{ }}
    chain output {{
        type filter hook output priority 0
        ip daddr {ADDRESS} tcp flags & (syn | ack) == syn counter name attempts
        ip daddr {ADDRESS} oifname br0 ip protocol tcp reject with tcp reset
    }}
}}
"""


class Metadata:
    """Runs in the region's network."""

    def __init__(self):
        _run("ip", "route", "add", f"{ADDRESS}/32", "dev", "br0")
        subprocess.run(["nft", "-f", "-"], input=_RULES, text=True, check=True)
        self._servers = []

    def attempts(self) -> int:
        listed = json.loads(_run("nft", "-j", "list", "counter", "ip", "metadata", "attempts"))
        return next(item["counter"]["packets"] for item in listed["nftables"] if "counter" in item)

    def give_role(self, role: str | None) -> None:
        """With None, the service is gone again."""
        for server in self._servers:
            server.shutdown()
            server.server_close()
        if self._servers:
            _run("ip", "address", "delete", f"{ADDRESS}/32", "dev", "lo")
        self._servers = []
        if role is not None:
            _run("ip", "address", "add", f"{ADDRESS}/32", "dev", "lo")
            self._servers = [ThreadingHTTPServer(place, _handler(role)) for place in ((ADDRESS, 80), OTHER)]
        for server in self._servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()


def _handler(role: str):
    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self):
            if self.path == "/latest/api/token":
                self._send(200, _TOKEN, {"X-aws-ec2-metadata-token-ttl-seconds": "21600"})
            else:
                self._send(404, "")

        def do_GET(self):
            if self.headers.get("X-aws-ec2-metadata-token") != _TOKEN:
                self._send(401, "")
            elif self.path == _ROLES:
                self._send(200, role)
            elif self.path == _ROLES + role:
                self._send(200, json.dumps(accounts.temporary()))
            elif self.path == "/latest/meta-data/placement/region":
                self._send(200, "us-east-1")
            else:
                self._send(404, "")

        def _send(self, status: int, text: str, headers: dict | None = None):
            self.send_response(status)
            for name, value in {"Content-Length": str(len(text)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_):
            pass

    return Handler


def _run(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout
