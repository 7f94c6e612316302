"""Who may call: access keys of the region's accounts, and the check of a request's signature.

The keys are the ones that AWS's own documentation uses as examples.
"""

import hashlib
import hmac
import re
import time
from urllib.parse import quote, unquote

from calls import Refusal

# What the region's own commands sign with: their calls are not logged and meet no faults.
OPERATOR = "AKIAI44QH8DHBEXAMPLE"
USER = "AKIAIOSFODNN7EXAMPLE"
# Of somebody else: in another account, which knows nothing of the first one's resources.
OTHER = "AKIAIOTHERACCEXAMPLE"
OTHER_ACCOUNT = "444455556666"
TEMPORARY = "ASIAIOSFODNN7EXAMPLE"
TEMPORARY_TOKEN = "AQoDYXdzEJr1K-example-session-token"

SECRETS = {
    OPERATOR: "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY",
    USER: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    OTHER: "wJalrXUtnFEMI/K7MDENG/otherAccEXAMPLEKEY",
    TEMPORARY: "wJalrXUtnFEMI/K7MDENG/temporaryEXAMPLEKEY",
}

# What an identity provider and a portal would have given the user, and the container's agent the program.
WEB_IDENTITY = "eyJhbGciOiJFUzI1NiJ9.example-of-a-web-identity-token"
SINGLE_SIGN_ON = "aoaAAAAAG-example-of-a-single-sign-on-token"
AGENT = "QmFzaWM-example-of-an-agent-token"

# EC2 answers a wrong secret like an unknown key.
_UNKNOWN = {
    "ec2": Refusal("AuthFailure", "AWS was not able to validate the provided access credentials", 401),
    "sts": Refusal("InvalidClientTokenId", "The security token included in the request is invalid.", 403),
}

_HEADER = re.compile(r"Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]+)")


def check(environ: dict, body: bytes, service: str) -> None:
    """Refuses a request whose key is unknown or whose signature does not fit, with the service's words."""
    found = _HEADER.search(environ.get("HTTP_AUTHORIZATION", ""))
    if not found:
        raise _UNKNOWN[service]
    credential, signed, signature = found.groups()
    key, _, scope = credential.partition("/")
    token = environ.get("HTTP_X_AMZ_SECURITY_TOKEN")
    secret, wanted = _known(key)
    if (
        secret is None
        or token != wanted
        or not hmac.compare_digest(_signature(environ, body, secret, scope, signed), signature)
    ):
        raise _UNKNOWN[service]


def account_of(key: str) -> str:
    """The account that an access key belongs to."""
    from moto.core import DEFAULT_ACCOUNT_ID

    return OTHER_ACCOUNT if key == OTHER else DEFAULT_ACCOUNT_ID


def _known(key: str) -> tuple[str | None, str | None]:
    """Secret and session token of an access key."""
    if key in SECRETS:
        return SECRETS[key], TEMPORARY_TOKEN if key == TEMPORARY else None
    for role in _assumed():
        if role.access_key_id == key:
            return role.secret_access_key, role.session_token
    return None, None


def _assumed() -> list:
    """The roles that STS has given."""
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.sts.models import sts_backends

    return [role for backend in sts_backends[DEFAULT_ACCOUNT_ID].values() for role in backend.assumed_roles]


def check_identity(token: str | None) -> None:
    """Refuses a role to whoever does not show the identity provider's token, with STS's words."""
    if token != WEB_IDENTITY:
        raise Refusal("InvalidIdentityToken", "The web identity token provided could not be validated.")


def secrets() -> list[str]:
    """Everything that must never be written down: secret keys, session tokens, and what credentials were got with."""
    given = [text for role in _assumed() for text in (role.secret_access_key, role.session_token)]
    return [*SECRETS.values(), TEMPORARY_TOKEN, WEB_IDENTITY, SINGLE_SIGN_ON, AGENT, *given]


def temporary() -> dict:
    """Credentials as metadata services and agents give them."""
    return {
        "Code": "Success", "Type": "AWS-HMAC", "LastUpdated": _time(time.time()), "Expiration": _time(ends() / 1000),
        "AccessKeyId": TEMPORARY, "SecretAccessKey": SECRETS[TEMPORARY], "Token": TEMPORARY_TOKEN,
    }


def ends() -> int:
    """When credentials that are given now end, in milliseconds since 1970."""
    return round((time.time() + 6 * 3600) * 1000)


def _time(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


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
