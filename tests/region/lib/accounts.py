"""Who may call: access keys of the region's one account, and the check of a request's signature.

The keys are the ones that AWS's own documentation uses as examples.
"""

import hashlib
import hmac
import re
from urllib.parse import quote, unquote

from calls import Refusal

# What the region's own commands sign with: their calls are not logged and meet no faults.
OPERATOR = "AKIAI44QH8DHBEXAMPLE"
USER = "AKIAIOSFODNN7EXAMPLE"
TEMPORARY = "ASIAIOSFODNN7EXAMPLE"
TEMPORARY_TOKEN = "AQoDYXdzEJr1K-example-session-token"

SECRETS = {
    OPERATOR: "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY",
    USER: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    TEMPORARY: "wJalrXUtnFEMI/K7MDENG/temporaryEXAMPLEKEY",
}

# EC2 answers a wrong secret like an unknown key.
_UNKNOWN = Refusal("AuthFailure", "AWS was not able to validate the provided access credentials", 401)

_HEADER = re.compile(r"Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]+)")


def check(environ: dict, body: bytes) -> None:
    """Refuses a request to EC2 whose key is unknown or whose signature does not fit, with EC2's words."""
    found = _HEADER.search(environ.get("HTTP_AUTHORIZATION", ""))
    if not found:
        raise _UNKNOWN
    credential, signed, signature = found.groups()
    key, _, scope = credential.partition("/")
    token = environ.get("HTTP_X_AMZ_SECURITY_TOKEN")
    secret = SECRETS.get(key)
    if (
        secret is None
        or token != (TEMPORARY_TOKEN if key == TEMPORARY else None)
        or not hmac.compare_digest(_signature(environ, body, secret, scope, signed), signature)
    ):
        raise _UNKNOWN


def _signature(environ: dict, body: bytes, secret: str, scope: str, signed: str) -> str:
    headers = "".join(f"{name}:{_header(environ, name)}\n" for name in signed.split(";"))
    # As it was sent, each word encoded once.
    path = quote(unquote(environ.get("PATH_INFO", "/")), safe="/-_.~")
    query = "&".join(sorted(filter(None, environ.get("QUERY_STRING", "").split("&"))))
    request = "\n".join([
        environ["REQUEST_METHOD"], path, query, headers, signed, hashlib.sha256(body).hexdigest(),
    ])
    text = "\n".join([
        "AWS4-HMAC-SHA256", environ.get("HTTP_X_AMZ_DATE", ""), scope, hashlib.sha256(request.encode()).hexdigest(),
    ])
    key = f"AWS4{secret}".encode()
    for word in scope.split("/"):
        key = hmac.digest(key, word.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


def _header(environ: dict, name: str) -> str:
    plain = name.upper().replace("-", "_")
    value = environ.get(plain if plain in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{plain}", "")
    return " ".join(value.split())
