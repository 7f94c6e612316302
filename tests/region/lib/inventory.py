"""What is in the account: the computers, and everything that was made and is still there."""

from datetime import timedelta

import computers
import moto_as_ec2 as ec2


def instances(network) -> list[dict]:
    """Every instance, terminated ones included, with the state of the computer behind it."""
    with ec2.LOCK:
        return [
            {
                "id": instance.id, "region": backend.region_name, "state": instance.state,
                "power": network.power(instance.id), "type": instance.instance_type, "image": instance.image_id,
                "zone": instance.availability_zone, "private": instance.private_ip, "public": instance.public_ip,
                "user": computers.login_user(instance), "tags": tags(instance),
            }
            for backend in ec2.backends()
            for instance in backend.all_instances()
        ]


def left() -> list[dict]:
    """Every resource that somebody made in the account and that costs money or occupies a name."""
    with ec2.LOCK:
        return [
            {"region": backend.region_name, "kind": kind, "id": thing_id, "name": name, "tags": tags(thing)}
            for backend in ec2.backends()
            for kind, thing_id, name, thing in _made_in(backend)
        ]


def _made_in(backend):
    for instance in backend.all_instances():
        if instance.state != "terminated":
            yield "instance", instance.id, instance.state, instance
    for volume in backend.volumes.values():
        yield "volume", volume.id, volume.status, volume
    for pair in backend.key_pairs.values():
        yield "key-pair", pair.id, pair.key_name, pair
    for groups in backend.groups.values():
        for group in groups.values():
            if group.name != "default":
                yield "security-group", group.id, group.name, group
    for request in backend.spot_instance_requests.values():
        if request.state in ("open", "active"):
            yield "spot-request", request.id, request.state, request
    for interface in backend.enis.values():
        if interface.instance is None or interface.instance.state == "terminated":
            yield "network-interface", interface.id, interface.status, interface
    for address in backend.addresses:
        yield "address", address.allocation_id, address.public_ip, address


def tags(thing) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in thing.get_tags()}


def forget(instance_id: str) -> None:
    """As EC2 does about an hour after an instance ended."""
    with ec2.LOCK:
        for backend in ec2.backends():
            for reservation in backend.reservations.values():
                reservation.instances = [i for i in reservation.instances if i.id != instance_id]


def make_older(hours: float) -> None:
    """As if everything in the account had been made so much earlier."""
    with ec2.LOCK:
        for backend in ec2.backends():
            for instance in backend.all_instances():
                instance.launch_time -= timedelta(hours=hours)
            for thing in [*backend.volumes.values(), *backend.key_pairs.values()]:
                thing.create_time -= timedelta(hours=hours)
