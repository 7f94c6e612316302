"""The images that can be launched: names, owners and traps as in the real catalogue, ids of our own.

As in EC2, an image has another id in every region.
"""

import hashlib
import re
from dataclasses import dataclass

CANONICAL = "099720109477"
DEBIAN = "136693071363"
AMAZON = "137112412989"
SOMEBODY = "679593333241"

LOGIN_USERS = {CANONICAL: "ubuntu", SOMEBODY: "ubuntu", DEBIAN: "admin", AMAZON: "ec2-user"}


@dataclass(frozen=True)
class Image:
    """One image; sizes in GiB."""

    name: str
    owner: str
    created: str
    architecture: str = "x86_64"
    root: str = "/dev/sda1"
    size: int = 8
    state: str = "available"
    # Device name and size of a second volume, which EC2 keeps when the instance ends.
    keeps: tuple[str, int] | None = None

    def id_in(self, region: str) -> str:
        return "ami-" + hashlib.sha256(f"{region} {self.name} {self.owner}".encode()).hexdigest()[:17]

    def mappings(self) -> list[dict]:
        """The image's block devices, in the words of the API."""
        devices = [(self.root, self.size, True)]
        if self.keeps:
            devices.append((*self.keeps, False))
        return [
            {"DeviceName": name, "Ebs": {"VolumeSize": size, "DeleteOnTermination": delete, "VolumeType": "gp3"}}
            for name, size, delete in devices
        ]


def _ubuntu(storage: str, release: str, dates: list[str]) -> list[Image]:
    return [
        Image(f"ubuntu/images/{storage}/ubuntu-{release}-{arch}-server-{date}", CANONICAL,
              f"{date[:4]}-{date[4:6]}-{date[6:]}T05:12:33.000Z", machine)
        for date in dates
        for arch, machine in (("amd64", "x86_64"), ("arm64", "arm64"))
    ]


ALL = [
    *_ubuntu("hvm-ssd-gp3", "resolute-26.04", ["20260423", "20260918", "20261103"]),
    *_ubuntu("hvm-ssd-gp3", "noble-24.04", ["20240423", "20260901"]),
    *_ubuntu("hvm-ssd", "jammy-22.04", ["20220420", "20260815"]),
    # Not a long-term release, and newer.
    *_ubuntu("hvm-ssd-gp3", "stonking-26.10", ["20261110"]),
    # What the original launched: before IMDSv2.
    Image("ubuntu/images/hvm-ssd/ubuntu-xenial-16.04-amd64-server-20180228", CANONICAL, "2018-02-28T20:18:55.000Z"),
    # Newer, but still being made.
    Image("ubuntu/images/hvm-ssd-gp3/ubuntu-resolute-26.04-amd64-server-20261120", CANONICAL,
          "2026-11-20T05:00:00.000Z", state="pending"),
    # Newer and with Canonical's name, but somebody else's.
    Image("ubuntu/images/hvm-ssd-gp3/ubuntu-resolute-26.04-amd64-server-20261119", SOMEBODY,
          "2026-11-19T05:00:00.000Z"),
    Image("debian-13-amd64-20261005-2250", DEBIAN, "2026-10-05T07:00:00.000Z", root="/dev/xvda"),
    Image("debian-13-arm64-20261005-2250", DEBIAN, "2026-10-05T07:00:00.000Z", "arm64", root="/dev/xvda"),
    Image("al2023-ami-2023.9.20261012.0-kernel-6.12-x86_64", AMAZON, "2026-10-12T19:00:00.000Z", root="/dev/xvda"),
    # A root volume larger than the driver's usual one, and a second volume that outlives the instance.
    Image("ubuntu-with-data-20261001", SOMEBODY, "2026-10-01T08:00:00.000Z", size=30, keeps=("/dev/sdf", 5)),
]

_PARAMETER = re.compile(r"resolve:ssm:/aws/service/canonical/ubuntu/server/([\d.]+)/stable/current/(\w+)/hvm/ebs-gp3/ami-id")


def resolved(name: str, region: str) -> str:
    """The id behind Canonical's public parameters; any other name as it is."""
    wanted = _PARAMETER.fullmatch(name)
    found = wanted and [image for image in ALL if image.owner == CANONICAL and image.state == "available"
                        and f"-{wanted[1]}-{wanted[2]}-server-" in image.name]
    return max(found, key=lambda image: image.created).id_in(region) if found else name
