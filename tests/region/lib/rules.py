"""What EC2 refuses and moto does not: checked before a call is carried out, with EC2's codes and words."""

import re

from calls import Call, Refusal

_ARCHITECTURE_MISMATCH = (
    "The architecture '{}' of the specified instance type does not match the architecture '{}' of the specified AMI. "
    "Specify an instance type and an AMI that have matching architectures, and try again. You can use "
    "'describe-instance-types' or 'describe-images' to discover the architecture of the instance type or AMI."
)

# State in which an action is possible; anything else is an IncorrectInstanceState.
_POSSIBLE_IN = {
    "StartInstances": {"stopped", "running", "pending"},
    "StopInstances": {"running", "stopping", "stopped", "pending"},
    "RebootInstances": {"running"},
}

_VERBS = {"StartInstances": "started", "StopInstances": "stopped", "RebootInstances": "rebooted"}

# The original sends an empty IamInstanceProfile.Name and UserData with every launch, which EC2 takes for none.
_NEVER_EMPTY = re.compile(
    r"InstanceId(\.\d+)?|KeyName|VpcId|SubnetId|ImageId|GroupId(\.\d+)?"
    r"|Placement\.AvailabilityZone|NetworkInterface\.\d+\.SubnetId"
)


def check(call: Call, backend) -> None:
    """Raises the refusal, if there is one."""
    _no_empty_values(call)
    _filters_within_limits(call)
    _states_permit(call, backend)
    _no_duplicate_tags(call)
    if call.action == "RunInstances":
        _launch_is_possible(call, backend)
    if call.action == "CancelSpotInstanceRequests":
        _spot_requests_exist(call, backend)
    if call.action == "CreateSecurityGroup":
        _vpc_exists(call, backend)
    if call.action == "DeleteSecurityGroup":
        _group_is_unused(call, backend)


def _spot_requests_exist(call: Call, backend) -> None:
    for request in call.values("SpotInstanceRequestId"):
        if request not in backend.spot_instance_requests:
            raise Refusal("InvalidSpotInstanceRequestID.NotFound", f"The spot instance request ID '{request}' does not exist")


def _no_empty_values(call: Call) -> None:
    for name, value in call.params.items():
        if value == "" and _NEVER_EMPTY.fullmatch(name):
            if name.startswith("InstanceId"):
                raise Refusal("InvalidInstanceID.Malformed", 'Invalid id: "" (expecting "i-...")')
            raise Refusal("InvalidParameterValue", f"Invalid value '' for {name}. It must not be empty.")


def _filters_within_limits(call: Call) -> None:
    values = [name for name in call.params if re.fullmatch(r"Filter\.\d+\.Value\.\d+", name)]
    if len(values) > 200:
        raise Refusal("FilterLimitExceeded", "The maximum number of filter values specified on a single call is 200")
    wanted = call.params.get("MaxResults")
    if call.action == "DescribeInstances" and wanted and not 5 <= int(wanted) <= 1000:
        raise Refusal("InvalidParameterValue",
                      f"Value ( {wanted} ) for parameter maxResults is invalid. Expecting a value between 5 and 1000.")


def _states_permit(call: Call, backend) -> None:
    possible = _POSSIBLE_IN.get(call.action)
    if possible is None:
        return
    for instance in _instances(call, backend):
        if instance.state not in possible:
            raise Refusal(
                "IncorrectInstanceState",
                f"The instance '{instance.id}' is not in a state from which it can be {_VERBS[call.action]}.",
            )
        if call.action == "StopInstances" and instance.lifecycle == "spot":
            raise Refusal(
                "UnsupportedOperation",
                f"You can't stop the Spot Instance '{instance.id}' because it is associated with a one-time Spot "
                "Instance request. You can only stop Spot Instances associated with persistent Spot Instance requests.",
            )


def _no_duplicate_tags(call: Call) -> None:
    seen = set()
    for name, value in call.params.items():
        tag = re.fullmatch(r"(TagSpecification\.\d+\.)?Tag\.\d+\.Key", name)
        if not tag:
            continue
        if value.startswith("aws:"):
            raise Refusal("InvalidParameterValue", f"Tag keys starting with 'aws:' are reserved for internal use")
        if (tag.group(1), value) in seen:
            raise Refusal("InvalidParameterValue", f"Duplicate tag key '{value}' specified.")
        seen.add((tag.group(1), value))


def _launch_is_possible(call: Call, backend) -> None:
    subnet_id = subnet_of(call)
    subnet = next((subnet for zone in backend.subnets.values() for subnet in zone.values() if subnet.id == subnet_id), None)
    if subnet_id and subnet is None:
        raise Refusal("InvalidSubnetID.NotFound", f"The subnet ID '{subnet_id}' does not exist")
    if not subnet_id and backend.get_default_vpc() is None:
        raise Refusal("VPCIdNotSpecified", "No default VPC for this user. GroupName is only supported for EC2-Classic "
                      "and default VPC.")
    zone = call.params.get("Placement.AvailabilityZone")
    if subnet and zone and zone != subnet.availability_zone:
        raise Refusal("InvalidParameterValue", f"Value ({zone}) for parameter availabilityZone is invalid. Subnet "
                      f"'{subnet.id}' is in the availability zone {subnet.availability_zone}")
    _key_pair_exists(call, backend)
    image = backend.amis.get(call.params.get("ImageId", ""))
    if image is None:
        return
    _image_fits(call, backend, image)
    if subnet:
        _groups_in_vpc(call, backend, subnet.vpc_id)


def _key_pair_exists(call: Call, backend) -> None:
    name = call.params.get("KeyName")
    if name is not None and name not in backend.key_pairs:
        raise Refusal("InvalidKeyPair.NotFound", f"The key pair '{name}' does not exist")


def _image_fits(call: Call, backend, image) -> None:
    if image.state != "available":
        raise Refusal("InvalidAMIID.Unavailable", f"The image ID '{image.id}' is not available")
    wanted = call.params.get("InstanceType", "m1.small")
    kinds = [kind for kind in backend.instance_types if kind.get("InstanceType") == wanted]
    supported = kinds[0]["ProcessorInfo"]["SupportedArchitectures"] if kinds else [image.architecture]
    if image.architecture not in supported:
        raise Refusal("InvalidParameterValue", _ARCHITECTURE_MISMATCH.format(",".join(supported), image.architecture))
    for name, value in call.params.items():
        number = re.fullmatch(r"BlockDeviceMapping\.(\d+)\.DeviceName", name)
        size = number and call.params.get(f"BlockDeviceMapping.{number.group(1)}.Ebs.VolumeSize")
        if size and value == image.root_device_name and int(size) < image.root_size:
            raise Refusal("InvalidBlockDeviceMapping", f"Volume of size {size}GB is smaller than snapshot "
                          f"'{image.ebs_snapshot.id}', expect size >= {image.root_size}GB")


def _groups_in_vpc(call: Call, backend, vpc_id: str) -> None:
    for name, value in call.params.items():
        if re.fullmatch(r"(NetworkInterface\.\d+\.)?SecurityGroupId\.\d+", name):
            group = backend.get_security_group_from_id(value)
            if group is None:
                raise Refusal("InvalidGroup.NotFound", f"The security group '{value}' does not exist")
            if group.vpc_id != vpc_id:
                raise Refusal("InvalidParameter", f"Security group {value} and subnet belong to different networks.")


def _vpc_exists(call: Call, backend) -> None:
    vpc_id = call.params.get("VpcId")
    if vpc_id is not None and vpc_id not in backend.vpcs:
        raise Refusal("InvalidVpcID.NotFound", f"The vpc ID '{vpc_id}' does not exist")
    if vpc_id is None and backend.get_default_vpc() is None:
        raise Refusal("VPCIdNotSpecified", "No default VPC for this user")


def _group_is_unused(call: Call, backend) -> None:
    group_id = call.params.get("GroupId")
    for interface in backend.enis.values():
        if any(group.id == group_id for group in interface.group_set):
            raise Refusal("DependencyViolation", f"resource {group_id} has a dependent object")


def _instances(call: Call, backend) -> list:
    ids = call.values("InstanceId")
    return [instance for instance in backend.all_instances() if instance.id in ids]


def subnet_of(call: Call) -> str | None:
    """The subnet in which a RunInstances call wants its instance."""
    return call.first("SubnetId", r"NetworkInterface\.\d+\.SubnetId")
