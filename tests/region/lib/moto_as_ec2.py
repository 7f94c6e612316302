"""moto, made to behave like EC2 where computers stand behind it.

States that last (`pending`, `stopping`, `shutting-down`) until a computer has really changed; images of our own with
other ids in every region; volumes from the image's mappings; networks and addresses that do not collide between
regions; spot requests for spot instances; instances that are not known yet right after their launch.
Call `install()` before the first backend exists.
"""

import copy
import itertools
import threading

import moto.ec2.models.elastic_network_interfaces as interfaces
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.parse import default_timestamp_parser as parse_timestamp
from moto.core.utils import utcnow
from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.amis import Ami
from moto.ec2.models.instances import Instance, InstanceBackend, InstanceState, StateReason
from moto.ec2.models.spot_requests import SpotInstanceRequest
from moto.ec2.responses.account_attributes import AccountAttributes
from moto.ec2.utils import filter_dict_attribute_mapping, random_spot_request_id

import images

PENDING, RUNNING, SHUTTING_DOWN = ("pending", 0), ("running", 16), ("shutting-down", 32)
TERMINATED, STOPPING, STOPPED = ("terminated", 48), ("stopping", 64), ("stopped", 80)

# Held by whoever reads or changes moto's data.
LOCK = threading.RLock()

# `call` is set while a caller's own request is carried out: only callers do not know instances yet, the region does.
CALLER = threading.local()

_original_stop = Instance.stop
_original_terminate = Instance.terminate


def backends() -> list[EC2Backend]:
    """One for every account and region that has been used."""
    return [backend for account in list(ec2_backends.values()) for backend in list(account.values())]


def backend(region: str, account: str = DEFAULT_ACCOUNT_ID) -> EC2Backend:
    return ec2_backends[account][region]


def install(faults) -> None:
    Instance.start, Instance.stop, Instance.reboot = _start, _stop, _reboot
    Instance.terminate = _terminate
    Instance.unknown_looks, Instance.missed_by = 0, None
    InstanceBackend.run_instances = _launching(InstanceBackend.run_instances, faults)
    InstanceBackend.all_reservations = _known_only(InstanceBackend.all_reservations)
    EC2Backend._load_amis = _load_images
    EC2Backend.create_vpc = _default_network_of_its_own(EC2Backend.create_vpc)
    Ami.block_device_mappings = property(lambda image: image.mappings)
    AccountAttributes.describe_account_attributes = _with_default_vpc(AccountAttributes.describe_account_attributes)
    interfaces.random_public_ip = _public_addresses().__next__
    filter_dict_attribute_mapping["client-token"] = "client_token"
    # As old as its instance; moto's are all of 2015.
    SpotInstanceRequest.create_time = property(lambda request: f"{request.instance.launch_time:%Y-%m-%dT%H:%M:%S.000Z}")


# What a call changes at once; the computers do the rest.


def _set(instance: Instance, state: tuple[str, int]) -> InstanceState:
    before = copy.copy(instance._state)
    instance._state = InstanceState(*state)
    return before


def _start(instance: Instance) -> InstanceState:
    if instance.state != "stopped":
        return copy.copy(instance._state)
    for interface in instance.nics.values():
        interface.start()
    instance._reason, instance.state_reason = "", StateReason()
    instance.launch_time = utcnow()
    return _set(instance, PENDING)


def _stop(instance: Instance) -> InstanceState:
    return copy.copy(instance._state) if instance.state == "stopped" else _set(instance, STOPPING)


def _reboot(instance: Instance) -> None:
    instance.reboot_wanted = True


def _terminate(instance: Instance) -> InstanceState:
    return copy.copy(instance._state) if instance.state == "terminated" else _set(instance, SHUTTING_DOWN)


# What follows when the computer has changed.


def is_running(instance: Instance) -> None:
    if instance.state == "pending":
        _set(instance, RUNNING)


def is_off(instance: Instance, by_itself: bool = False) -> None:
    _original_stop(instance)
    if by_itself:
        instance.state_reason = StateReason("Client.InstanceInitiatedShutdown: Instance initiated shutdown",
                                            "Client.InstanceInitiatedShutdown")


def is_gone(instance: Instance, reason: tuple[str, str] | None = None) -> None:
    for interface in instance.nics.values():
        interface.delete_on_termination = True
    _original_terminate(instance)
    if reason:
        instance.state_reason = StateReason(f"{reason[0]}: {reason[1]}", reason[0])
    request = instance.ec2_backend.spot_instance_requests.get(getattr(instance, "spot_instance_request_id", None))
    if request is not None:
        request.state, request._status_code = "closed", "instance-terminated-by-user"


# Launching.


def _launching(original, faults):
    def run_instances(self, image_id, count, user_data, security_group_names, **options):
        _place(self, options)
        image = self.amis.get(image_id)
        if image is not None:
            options["block_device_mappings"] = _volumes(image.mappings, options.get("block_device_mappings"))
        reservation = original(self, image_id, count, user_data, security_group_names, **options)
        for instance in reservation.instances:
            _set(instance, PENDING)
            # moto forgets them when they are asked for with the network interface.
            instance.security_groups = list(instance.nics[0].group_set)
            instance.unknown_looks = faults.unknown_looks
            if faults.dying > 0:
                faults.dying -= 1
                instance.dies = ("Server.InternalError", "Internal error on launch")
            if instance.lifecycle == "spot":
                _add_spot_request(self, instance, options.get("tags") or {})
        return reservation

    return run_instances


def _place(ec2: EC2Backend, options: dict) -> None:
    """Without a subnet: the default one of the zone."""
    interfaces_asked = options.get("nics") or []
    if options.get("subnet_id") or any(asked.get("SubnetId") for asked in interfaces_asked):
        return
    defaults = ec2.get_default_subnets()
    subnet = defaults.get(options.get("placement") or min(defaults, default=None))
    if subnet is None:
        return
    if interfaces_asked:
        interfaces_asked[0]["SubnetId"] = subnet.id
    else:
        options["subnet_id"] = subnet.id


def _volumes(of_image: list[dict], asked: list[dict] | None) -> list[dict]:
    """The image's devices, changed and extended by what the call says."""
    devices = {mapping["DeviceName"]: copy.deepcopy(mapping) for mapping in of_image}
    for mapping in asked or []:
        known = devices.setdefault(mapping["DeviceName"], {"DeviceName": mapping["DeviceName"], "Ebs": {}})
        known["Ebs"] |= {name: value for name, value in mapping.get("Ebs", {}).items() if value not in (None, "")}
    return list(devices.values())


def _add_spot_request(ec2: EC2Backend, instance: Instance, tags: dict) -> None:
    """EC2 makes a request for each spot instance; moto does so only for the old way of asking."""
    request = object.__new__(SpotInstanceRequest)
    request.ec2_backend, request.id, request.instance = ec2, random_spot_request_id(), instance
    request.state, request._status_code, request.status_message = "active", "fulfilled", ""
    request.type, request.price = "one-time", None
    request.valid_from = request.valid_until = None
    request.launch_group = request.availability_zone_group = request.spot_fleet_id = None
    request.instance_interruption_behaviour = "terminate"
    ec2.spot_instance_requests[request.id] = request
    request.add_tags(tags.get("spot-instances-request", {}))
    instance.spot_instance_request_id = request.id


def _known_only(original):
    def all_reservations(self, filters=None):
        reservations = original(self, filters)
        call = getattr(CALLER, "call", None)
        if call is None:
            return reservations
        for reservation in reservations:
            reservation.instances = [instance for instance in reservation.instances if _is_known(instance, call)]
        return [reservation for reservation in reservations if reservation.instances]

    return all_reservations


def _is_known(instance: Instance, call) -> bool:
    """One call is one look, however often moto goes through the instances for it, and who names instances looks at
    those only."""
    if instance.missed_by is call:
        return False
    if not instance.unknown_looks:
        return True
    named = call.values("InstanceId")
    if not named or instance.id in named:
        instance.unknown_looks -= 1
        instance.missed_by = call
    return False


# Networks and images.


def _load_images(self) -> None:
    for image in images.ALL:
        loaded = Ami(
            self, image.id_in(self.region_name), name=image.name, description=image.name, owner_id=image.owner,
            public=True, virtualization_type="hvm", architecture=image.architecture, state=image.state,
            creation_date=parse_timestamp(image.created), image_location=f"{image.owner}/{image.name}", hypervisor="xen",
            root_device_type="ebs", root_device_name=image.root,
        )
        loaded.mappings = [
            {**mapping, "Ebs": {**mapping["Ebs"], "SnapshotId": loaded.ebs_snapshot.id}} for mapping in image.mappings()
        ]
        loaded.root_size = image.size
        self.amis[loaded.id] = loaded


def _default_network_of_its_own(original):
    taken = itertools.count(31)

    def create_vpc(self, cidr_block, *rest, **options):
        if options.get("is_default"):
            # The computers of all regions stand in one network here.
            cidr_block = next(f"{(172 if n < 32 else 10)}.{n}.0.0/16" for n in taken)
        return original(self, cidr_block, *rest, **options)

    return create_vpc


def _public_addresses():
    """Never the same twice, as somebody else gets a released address next."""
    for third in itertools.count(1):
        for fourth in range(1, 255):
            yield f"54.214.{third}.{fourth}"


def _with_default_vpc(original):
    def describe_account_attributes(self):
        answer = original(self)
        vpc = self.ec2_backend.get_default_vpc()
        for attribute in answer.result["AccountAttributes"]:
            if attribute["AttributeName"] == "default-vpc" and vpc:
                attribute["AttributeValues"] = [{"AttributeValue": vpc.id}]
        return answer

    return describe_account_attributes
