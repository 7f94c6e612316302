"""Keeps the computers as the API says they should be, and the API as the computers are."""

import base64
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import firewall
import images
import moto_as_ec2 as ec2
import userdata
from lab import LabError, Network

log = logging.getLogger("computers")


@dataclass(frozen=True)
class Permission:
    """An ingress rule; `protocol` is tcp, udp, icmp or -1 for everything."""

    protocol: str
    first: int | None
    last: int | None
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Guarded:
    """A computer's addresses and who may reach it."""

    addresses: tuple[str, ...]
    permissions: tuple[Permission, ...]


def next_step(state: str, power: str, was_on: bool, reboot: bool, dies: bool) -> str | None:
    """What has to be done for an instance in this state whose computer is `absent`, `running` or `stopped`."""
    match state, power:
        case ("pending", "absent"):
            return "die" if dies else "boot"
        case ("pending", "stopped"):
            return "start"
        case ("pending", "running"):
            return "note_running"
        case ("running", "running") if reboot:
            return "reboot"
        case ("running", "stopped" | "absent") if was_on:
            return "note_off"
        case ("stopping", "running"):
            return "stop"
        case ("stopping", _):
            return "note_off"
        case ("shutting-down", _):
            return "destroy"
    return None


class Computers:
    """The loop, and the pool of threads that wait for computers."""

    def __init__(self, network: Network, permit=firewall.apply):
        self.network = network
        self._permit = permit
        self._busy: set[str] = set()
        self._pool = ThreadPoolExecutor(max_workers=16)
        self._rules = ""
        self._ended = threading.Event()

    def run(self) -> None:
        """Until the region is gone."""
        while self.network.exists():
            with ec2.LOCK:
                instances = [
                    instance for backend in ec2.backends() for instance in backend.all_instances()
                    if not hasattr(instance, "paper")
                ]
                rules = firewall.ruleset([guarded(instance) for instance in instances if instance.state != "terminated"])
                if rules != self._rules:
                    self._permit(rules)
                    self._rules = rules
                for instance in instances:
                    self._look_at(instance)
            self._ended.wait(0.1)

    def _look_at(self, instance) -> None:
        if instance.id in self._busy or instance.state in ("terminated", "stopped"):
            return
        step = next_step(
            instance.state, self.network.power(instance.id), instance.state == "running",
            getattr(instance, "reboot_wanted", False), hasattr(instance, "dies"),
        )
        if step:
            self._busy.add(instance.id)
            self._pool.submit(self._do, step, instance)

    def _do(self, step: str, instance) -> None:
        try:
            log.info("%s: %s", instance.id, step)
            getattr(self, f"_{step}")(instance)
        except LabError as error:
            if self.network.exists():
                log.error("%s: %s failed: %s", instance.id, step, error)
                with ec2.LOCK:
                    ec2.is_gone(instance, ("Server.InternalError", "Internal error on launch"))
        except Exception:
            log.exception("%s: %s failed", instance.id, step)
        finally:
            self._busy.discard(instance.id)

    def _boot(self, instance) -> None:
        user = login_user(instance)
        script = userdata.first_boot_script(base64.b64decode(str(instance.user_data or "")), user)
        self.network.boot(instance.id, user, public_keys(instance), addresses(instance), script)
        self._note_running(instance)

    def _start(self, instance) -> None:
        self.network.start(instance.id, addresses(instance))
        self._note_running(instance)

    def _note_running(self, instance) -> None:
        with ec2.LOCK:
            ec2.is_running(instance)

    def _stop(self, instance) -> None:
        self.network.stop(instance.id)
        self._note_off(instance)

    def _note_off(self, instance) -> None:
        with ec2.LOCK:
            by_itself = instance.state == "running"
            if by_itself and instance.instance_initiated_shutdown_behavior == "terminate":
                instance.terminate()
            else:
                ec2.is_off(instance, by_itself)

    def _reboot(self, instance) -> None:
        instance.reboot_wanted = False
        self.network.reboot(instance.id)

    def _destroy(self, instance) -> None:
        self.network.destroy(instance.id)
        with ec2.LOCK:
            ec2.is_gone(instance)

    def _die(self, instance) -> None:
        # It is pending for a while first.
        self._ended.wait(1)
        with ec2.LOCK:
            ec2.is_gone(instance, instance.dies)


def addresses(instance) -> list[str]:
    """The private one first: it is the one that the computer itself knows as its own."""
    return [address for address in (instance.private_ip, instance.public_ip) if address]


def login_user(instance) -> str:
    image = instance.ec2_backend.amis.get(instance.image_id)
    return images.LOGIN_USERS.get(image.owner_id, "ubuntu") if image else "ubuntu"


def public_keys(instance) -> list[str]:
    pair = instance.ec2_backend.key_pairs.get(instance.key_name)
    return [pair.public_key.strip()] if pair else []


def guarded(instance) -> Guarded:
    groups = {group.id: group for interface in instance.nics.values() for group in interface.group_set}
    permissions = [permission(rule, instance.ec2_backend) for group in groups.values() for rule in group.ingress_rules]
    return Guarded(tuple(addresses(instance)), tuple(p for p in permissions if p.sources))


def permission(rule, backend) -> Permission:
    sources = [rule.ip_range["CidrIp"]] if rule.ip_range.get("CidrIp") else []
    group_id = rule.source_group.get("GroupId")
    if group_id:
        sources += [
            address
            for instance in backend.all_instances()
            if instance.state != "terminated"
            and any(group.id == group_id for nic in instance.nics.values() for group in nic.group_set)
            for address in addresses(instance)
        ]
    return Permission(rule.ip_protocol, rule.from_port, rule.to_port, tuple(sources))
