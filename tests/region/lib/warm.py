"""What moto loads at the first calls, loaded once for all regions that are forked from a process."""

import io

from werkzeug.test import EnvironBuilder

import accounts


def warm(gate) -> None:
    scope = f"Credential={accounts.OPERATOR}/20260101/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=0"
    for action in ("DescribeVpcs", "DescribeInstances", "DescribeInstanceTypes"):
        builder = EnvironBuilder(
            method="POST", base_url="http://ec2.us-east-1.amazonaws.com", headers={"Authorization": f"AWS4-HMAC-SHA256 {scope}"},
            data={"Action": action, "Version": "2016-11-15"},
        )
        gate({**builder.get_environ(), "wsgi.errors": io.StringIO()}, lambda *_: None)
