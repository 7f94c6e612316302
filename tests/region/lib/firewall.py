"""Security groups as packet filters, in the region's own network.

All traffic to a computer passes the region (its address is outside the region's subnet), so the rules can stand
there, are in force before the computer boots, and need nothing inside it. As with EC2, what no rule permits is
dropped without an answer.
"""

import subprocess

_PROTOCOLS = ("tcp", "udp")


def ruleset(computers: list) -> str:
    """The complete nftables rules; a computer has `addresses` and `permissions`."""
    lines = []
    for computer in computers:
        target = f"ip daddr {{ {', '.join(computer.addresses)} }}"
        for permission in computer.permissions:
            lines += [f"{target} {rule} accept" for rule in _matches(permission)]
        lines.append(f"{target} drop")
    chain = "\n".join(f"        {line}" for line in ["ct state established,related accept", *lines])
    return f"""table ip ec2
delete table ip ec2
table ip ec2 {{
    chain groups {{
{chain}
    }}
    chain output {{ type filter hook output priority 0; jump groups; }}
    chain forward {{ type filter hook forward priority 0; jump groups; }}
}}
"""


def _matches(permission) -> list[str]:
    if permission.protocol == "-1":
        what = ""
    elif permission.protocol in _PROTOCOLS:
        what = f"{permission.protocol} dport {permission.first}-{permission.last}"
    elif permission.protocol == "icmp":
        what = "ip protocol icmp"
    else:
        return []
    return [f"ip saddr {source} {what}".strip() for source in permission.sources if ":" not in source]


def apply(rules: str) -> None:
    """Runs in the region's network."""
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
