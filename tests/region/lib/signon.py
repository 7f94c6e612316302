"""Others who give credentials: the agent of a container on loopback, and the portal of single sign-on."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import accounts

# Programs send their credentials request to nobody but loopback without TLS (AWS_CONTAINER_CREDENTIALS_FULL_URI).
AGENT = ("127.0.0.1", 1339)
# Where the portal finds the token: WSGI drops headers with underscores in their names, and this one has one.
TOKEN_HEADER, TOKEN = "x-amz-sso_bearer_token", "region.sign_on_token"


def portal(environ: dict) -> tuple:
    """GetRoleCredentials: a role for a token of the sign-on."""
    query = parse_qs(environ.get("QUERY_STRING", ""))
    if environ.get(TOKEN) != accounts.SINGLE_SIGN_ON:
        return _answer("401 Refused", {"message": "Session token not found or invalid"}, "UnauthorizedException")
    if not query.get("role_name") or not query.get("account_id"):
        return _answer("400 Refused", {"message": "account_id and role_name are required"}, "InvalidRequestException")
    given = accounts.temporary()
    return _answer("200 OK", {"roleCredentials": {
        "accessKeyId": given["AccessKeyId"], "secretAccessKey": given["SecretAccessKey"],
        "sessionToken": given["Token"], "expiration": accounts.ends(),
    }})


def _answer(status: str, content: dict, error: str | None = None) -> tuple:
    body = json.dumps(content).encode()
    kind = [("x-amzn-ErrorType", error)] if error else []
    return status, [("Content-Type", "application/json"), ("Content-Length", str(len(body))), *kind], body


class _Agent(BaseHTTPRequestHandler):
    def do_GET(self):
        good = self.path == "/credentials" and self.headers.get("Authorization") == accounts.AGENT
        body = json.dumps(accounts.temporary() if good else {"code": "AccessDenied"}).encode()
        self.send_response(200 if good else 403)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def serve_agent() -> None:
    """In the background, as long as the process lives."""
    threading.Thread(target=ThreadingHTTPServer(AGENT, _Agent).serve_forever, daemon=True).start()
