"""The checks of tests/region/selftest; runs in the region's network. Arguments: the `region` program, the region's
name, and names of checks (all)."""

import base64
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError

import accounts

REGION, NAME, *WANTED = sys.argv[1:]
FOLDER = Path(tempfile.mkdtemp())
KEY = FOLDER / "key"
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def region(*words: str) -> str:
    return subprocess.run([REGION, NAME, *words], check=True, capture_output=True, text=True).stdout


def client(key: str = accounts.USER, secret: str | None = None, where: str = "us-east-1", attempts: int = 1):
    return boto3.client(
        "ec2", region_name=where, aws_access_key_id=key, aws_secret_access_key=secret or accounts.SECRETS.get(key, "x"),
        config=Config(retries={"total_max_attempts": attempts, "mode": "standard"}, read_timeout=20),
    )


def refused(code: str, call, **arguments) -> str:
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        return error.response["Error"]["Message"]
    raise AssertionError(f"{code} was expected")


def image(api, name: str = "ubuntu/images/hvm-ssd-gp3/ubuntu-resolute-26.04-amd64-server-*") -> dict:
    found = api.describe_images(Owners=["099720109477"], Filters=[
        {"Name": "name", "Values": [name]}, {"Name": "state", "Values": ["available"]}])["Images"]
    return max(found, key=lambda image: image["CreationDate"])


def launch(api, **more) -> str:
    arguments = dict(ImageId=image(api)["ImageId"], InstanceType="t3.micro", KeyName="k", MinCount=1, MaxCount=1,
                     SecurityGroups=["open"]) | more
    return api.run_instances(**arguments)["Instances"][0]["InstanceId"]


def describe(api, instance: str) -> dict:
    return api.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]


def wait(api, instance: str, state: str, seconds: int = 40) -> dict:
    end = time.monotonic() + seconds
    while (found := describe(api, instance))["State"]["Name"] != state:
        assert time.monotonic() < end, f"{found['State']} is not {state}: {region('log')[-3000:]}"
        time.sleep(0.05)
    return found


def ssh(address: str, command: str, user: str = "ubuntu", seconds: int = 20, key: Path = KEY) -> str:
    end = time.monotonic() + seconds
    while True:
        done = subprocess.run(
            ["ssh", "-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={FOLDER}/known_hosts", "-o", "BatchMode=yes",
             "-o", "ConnectTimeout=2", "-o", "LogLevel=ERROR", "-i", str(key), f"{user}@{address}", command],
            capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode == 0:
            return done.stdout.strip()
        assert time.monotonic() < end, done.stderr
        time.sleep(0.2)


def prepare(where: str = "us-east-1") -> None:
    api = client(where=where)
    api.import_key_pair(KeyName="k", PublicKeyMaterial=KEY.with_suffix(".pub").read_bytes())
    api.create_security_group(GroupName="open", Description="ssh")
    api.authorize_security_group_ingress(GroupName="open", IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0")


@check
def an_instance_is_a_computer_from_launch_to_end():
    api = client()
    instance = launch(api)
    assert describe(api, instance)["State"]["Name"] == "pending"
    first = wait(api, instance, "running")
    assert first["PrivateIpAddress"].startswith("172.31."), first
    assert ssh(first["PublicIpAddress"], "sudo id -un") == "root"
    boot = ssh(first["PrivateIpAddress"], "cat /proc/sys/kernel/random/boot_id; uptime -s; touch mark; sudo journalctl --list-boots | wc -l")
    api.reboot_instances(InstanceIds=[instance])
    time.sleep(1.5)
    assert ssh(first["PublicIpAddress"], "ls mark") == "mark", boot
    api.stop_instances(InstanceIds=[instance])
    assert describe(api, instance)["State"]["Name"] == "stopping"
    refused("IncorrectInstanceState", api.start_instances, InstanceIds=[instance])
    stopped = wait(api, instance, "stopped")
    assert "PublicIpAddress" not in stopped and "stopped\tstopped" in region("instances")
    api.start_instances(InstanceIds=[instance])
    second = wait(api, instance, "running")
    assert second["PrivateIpAddress"] == first["PrivateIpAddress"]
    assert second["PublicIpAddress"] != first["PublicIpAddress"]
    assert ssh(second["PublicIpAddress"], "ls mark") == "mark"
    ssh(second["PublicIpAddress"], "sudo systemd-run --on-active=0.2 --timer-property=AccuracySec=10ms systemctl poweroff")
    assert wait(api, instance, "stopped")["StateReason"]["Code"] == "Client.InstanceInitiatedShutdown"
    api.terminate_instances(InstanceIds=[instance])
    wait(api, instance, "terminated")
    assert instance not in region("left") and "volume" not in region("left"), region("left")
    refused("IncorrectInstanceState", api.start_instances, InstanceIds=[instance])
    region("forget", instance)
    refused("InvalidInstanceID.NotFound", api.describe_instances, InstanceIds=[instance])


@check
def user_data_is_applied():
    api = client()
    other = FOLDER / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other], check=True)
    public = other.with_suffix(".pub").read_text().strip()
    mixed = f"""Content-Type: multipart/mixed; boundary="=="
MIME-Version: 1.0

--==
Content-Type: text/cloud-config

#cloud-config
ssh_authorized_keys: ["ssh-ed25519 AAAA mine"]
write_files:
- path: /etc/written
  content: by the user
--==
Content-Type: text/x-shellscript

#!/bin/sh
sleep 1
echo script ran as $(id -un) >/root/ran
--==
Content-Type: text/cloud-config

#cloud-config
ssh_authorized_keys: ["{public}"]
merge_how: 'list(append)+dict(no_replace,recurse_list)+str()'
--==--
"""
    instance = launch(api, UserData=mixed)
    address = wait(api, instance, "running")["PublicIpAddress"]
    assert ssh(address, "cat /etc/written", key=other) == "by the user"
    assert ssh(address, "cloud-init status --wait; sudo cat /root/ran").splitlines()[-1] == "script ran as root"
    keys = ssh(address, "cat .ssh/authorized_keys")
    assert "mine" in keys and len(keys.splitlines()) == 3, keys
    api.terminate_instances(InstanceIds=[instance])


@check
def consoles_end_the_first_boot_with_the_host_keys():
    api = client()
    instance, old = launch(api), launch(api, InstanceType="t2.micro")
    address = wait(api, instance, "running")["PublicIpAddress"]
    own = ssh(address, "cloud-init status --wait >/dev/null; cat /etc/ssh/ssh_host_ed25519_key.pub").split()[1]
    output = api.get_console_output(InstanceId=instance, Latest=True)["Output"]
    assert own in output and "-----END SSH HOST KEY KEYS-----" in output, output
    region("fault", "console", "late", "2")
    answers = [api.get_console_output(InstanceId=instance, Latest=True).get("Output", "") for _ in range(3)]
    assert [own in answer for answer in answers] == [False, False, True], answers
    region("fault", "console", "wrong-key")
    output = api.get_console_output(InstanceId=instance, Latest=True)["Output"]
    assert own not in output and "ssh-ed25519 AAAA" in output, output
    region("fault", "clear")
    wait(api, old, "running")
    refused("UnsupportedOperation", api.get_console_output, InstanceId=old, Latest=True)
    api.get_console_output(InstanceId=old)
    refused("InvalidInstanceID.NotFound", api.get_console_output, InstanceId="i-0123456789abcdef0")


@check
def two_regions_have_their_own_things():
    here, there = client(), client(where="ap-northeast-1")
    prepare("ap-northeast-1")
    assert image(here)["ImageId"] != image(there)["ImageId"]
    one, two = launch(here), launch(there)
    first, second = wait(here, one, "running"), wait(there, two, "running")
    assert ssh(first["PublicIpAddress"], "hostname") != ssh(second["PublicIpAddress"], "hostname")
    refused("InvalidInstanceID.NotFound", here.describe_instances, InstanceIds=[two])
    here.terminate_instances(InstanceIds=[one])
    there.terminate_instances(InstanceIds=[two])


@check
def images_are_found_as_in_the_catalogue():
    api = client()
    assert image(api)["Name"].endswith("20261103") and image(api)["RootDeviceName"] == "/dev/sda1"
    arm = image(api, "ubuntu/images/hvm-ssd-gp3/ubuntu-resolute-26.04-arm64-server-*")
    assert arm["Architecture"] == "arm64"
    refused("InvalidParameterValue", api.run_instances, ImageId=arm["ImageId"], InstanceType="t3.micro", MinCount=1, MaxCount=1)
    debian = api.describe_images(Owners=["136693071363"], Filters=[{"Name": "architecture", "Values": ["x86_64"]}])["Images"][0]
    instance = launch(api, ImageId=debian["ImageId"], BlockDeviceMappings=[
        {"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 16}}])
    # A wrong name of the root device is a second volume, as in EC2.
    found = wait(api, instance, "running")
    assert [device["DeviceName"] for device in found["BlockDeviceMappings"]] == ["/dev/xvda", "/dev/sda1"]
    assert ssh(found["PublicIpAddress"], "id -un", user="admin") == "admin"
    api.terminate_instances(InstanceIds=[instance])


@check
def only_open_ports_answer():
    api = client()
    group = api.create_security_group(GroupName="shut", Description="nothing")["GroupId"]
    instance = launch(api, SecurityGroups=["shut"])
    address = wait(api, instance, "running")["PublicIpAddress"]
    time.sleep(2)
    probe = f"import socket; socket.create_connection(('{address}', 22), 1.5).recv(4)"
    assert "timed out" in subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True).stderr
    api.authorize_security_group_ingress(GroupId=group, IpProtocol="tcp", FromPort=20, ToPort=30, CidrIp="10.90.0.0/24")
    assert ssh(address, "id -un") == "ubuntu"
    refused("DependencyViolation", api.delete_security_group, GroupId=group)
    api.terminate_instances(InstanceIds=[instance])
    wait(api, instance, "terminated")
    api.delete_security_group(GroupId=group)


@check
def keys_and_signatures_are_checked():
    refused("AuthFailure", client(key="AKIAUNKNOWNUNKNOWN00").describe_vpcs)
    refused("AuthFailure", client(secret="wrong").describe_vpcs)
    refused("AuthFailure", client(key=accounts.TEMPORARY).describe_vpcs)
    boto3.client("ec2", region_name="us-east-1", aws_access_key_id=accounts.TEMPORARY,
                 aws_secret_access_key=accounts.SECRETS[accounts.TEMPORARY],
                 aws_session_token=accounts.TEMPORARY_TOKEN).describe_vpcs()


@check
def two_accounts_see_nothing_of_each_other():
    (one, other) = (client(), client(key=accounts.OTHER))
    instance = launch(one)
    refused("InvalidInstanceID.NotFound", other.describe_instances, InstanceIds=[instance])
    refused("InvalidInstanceID.NotFound", other.terminate_instances, InstanceIds=[instance])
    refused("InvalidKeyPair.NotFound", other.describe_key_pairs, KeyNames=["k"])
    default = [{"Name": "group-name", "Values": ["default"]}]
    owners = [api.describe_security_groups(Filters=default)["SecurityGroups"][0]["OwnerId"] for api in (one, other)]
    assert owners == ["123456789012", accounts.OTHER_ACCOUNT], owners
    one.terminate_instances(InstanceIds=[instance])


@check
def a_role_gives_temporary_credentials_and_probes_are_counted():
    program = "import boto3; boto3.client('ec2', region_name='us-east-1').describe_vpcs()"
    bare = {"PATH": os.environ["PATH"], "HOME": str(FOLDER), "AWS_ENDPOINT_URL": os.environ["AWS_ENDPOINT_URL"]}
    before = int(region("probes"))
    without = subprocess.run([sys.executable, "-c", program], env=bare, capture_output=True, text=True)
    assert "Unable to locate credentials" in without.stderr and int(region("probes")) > before
    region("role", "builder")
    subprocess.run([sys.executable, "-c", program], env=bare, check=True)
    region("role", "off")
    before = int(region("probes"))
    client().describe_vpcs()
    assert int(region("probes")) == before


@check
def roles_of_sts_and_the_portal_work_and_only_with_the_right_token():
    sts = boto3.client("sts", region_name="us-east-1")
    role = {"RoleArn": "arn:aws:iam::123456789012:role/builder", "RoleSessionName": "selftest"}
    given = [sts.assume_role(**role), sts.assume_role_with_web_identity(**role, WebIdentityToken=accounts.WEB_IDENTITY)]
    for keys in (answer["Credentials"] for answer in given):
        def launched(token):
            return boto3.client("ec2", region_name="us-east-1", aws_access_key_id=keys["AccessKeyId"],
                                aws_secret_access_key=keys["SecretAccessKey"], aws_session_token=token)
        launched(keys["SessionToken"]).describe_vpcs()
        refused("AuthFailure", launched("another").describe_vpcs)
        assert keys["SecretAccessKey"] in region("secrets").splitlines()
    refused("InvalidIdentityToken", sts.assume_role_with_web_identity, **role, WebIdentityToken="another")
    portal = boto3.client("sso", region_name="us-east-1")
    wanted = {"roleName": "builder", "accountId": "123456789012"}
    found = portal.get_role_credentials(**wanted, accessToken=accounts.SINGLE_SIGN_ON)["roleCredentials"]
    assert found["accessKeyId"] == accounts.TEMPORARY
    refused("UnauthorizedException", portal.get_role_credentials, **wanted, accessToken="another")


@check
def calls_are_written_down():
    api = client()
    region("calls", "--clear")
    refused("InvalidInstanceID.Malformed", api.describe_instances, InstanceIds=[""])
    api.describe_key_pairs(KeyNames=["k"])
    region("aws", "ec2", "describe-vpcs")
    log = [json.loads(line) for line in region("calls", "--json").splitlines()]
    assert [(call["number"], call["action"], call["status"], call["code"]) for call in log] == [
        (1, "DescribeInstances", 400, "InvalidInstanceID.Malformed"), (2, "DescribeKeyPairs", 200, None)], log
    assert log[1]["params"] == {"KeyName.1": "k"}


@check
def a_client_token_launches_once():
    api = client()
    ids = {launch(api, ClientToken="t1") for _ in range(3)}
    assert len(ids) == 1
    refused("IdempotentParameterMismatch", launch, api=api, ClientToken="t1", InstanceType="t3.small")
    found = api.describe_instances(Filters=[{"Name": "client-token", "Values": ["t1"]}])["Reservations"]
    assert [i["InstanceId"] for r in found for i in r["Instances"]] == list(ids)
    region("fault", "drop", "RunInstances")
    twice = launch(client(attempts=3), ClientToken="t2")
    assert len(api.describe_instances(Filters=[{"Name": "client-token", "Values": ["t2"]}])["Reservations"]) == 1
    api.terminate_instances(InstanceIds=[*ids, twice])


@check
def errors_come_when_they_are_told_to():
    api = client()
    region("fault", "error", "DescribeVpcs", "InternalError", "Oh", "no", "--status", "500", "--nth", "2", "--times", "1")
    api.describe_vpcs()
    assert refused("InternalError", api.describe_vpcs) == "Oh no"
    api.describe_vpcs()
    region("fault", "deny", "Describe*")
    refused("UnauthorizedOperation", api.describe_vpcs)
    region("fault", "clear")
    region("fault", "throttle", "--times", "2")
    region("fault", "error", "DescribeVpcs", "InternalError", "--times", "1")
    for code in ("RequestLimitExceeded", "RequestLimitExceeded", "InternalError"):
        refused(code, api.describe_vpcs)
    api.describe_vpcs()
    region("fault", "down")
    try:
        api.describe_vpcs()
        raise AssertionError("no answer was expected")
    except HTTPClientError:
        region("fault", "clear")


@check
def capacity_spot_and_death():
    api = client()
    region("fault", "capacity", "us-east-1a")
    refused("InsufficientInstanceCapacity", launch, api=api, Placement={"AvailabilityZone": "us-east-1a"})
    other = launch(api, Placement={"AvailabilityZone": "us-east-1b"})
    region("fault", "clear")
    spot = dict(InstanceMarketOptions={"MarketType": "spot", "SpotOptions": {"SpotInstanceType": "one-time"}})
    region("fault", "spot")
    refused("InsufficientInstanceCapacity", launch, api=api, **spot)
    region("fault", "clear")
    cheap = launch(api, **spot)
    request = describe(api, cheap)["SpotInstanceRequestId"]
    assert request in region("left")
    assert api.describe_spot_instance_requests(SpotInstanceRequestIds=[request])["SpotInstanceRequests"][0]["State"] == "active"
    wait(api, cheap, "running")
    refused("UnsupportedOperation", api.stop_instances, InstanceIds=[cheap])
    region("fault", "dies")
    dead = launch(api)
    assert wait(api, dead, "terminated")["StateReason"]["Code"] == "Server.InternalError"
    api.terminate_instances(InstanceIds=[other, cheap])
    wait(api, cheap, "terminated")
    assert request not in region("left")


@check
def the_first_looks_at_a_new_instance_may_miss_it():
    api = client()
    known = launch(api)
    region("fault", "unknown", "3")
    instance = launch(api)
    region("fault", "clear")
    refused("InvalidInstanceID.NotFound", api.describe_instances, InstanceIds=[instance])
    describe(api, known)
    assert not api.describe_instances(Filters=[{"Name": "instance-id", "Values": [instance]}])["Reservations"]
    assert instance in region("instances")
    refused("InvalidInstanceID.NotFound", api.terminate_instances, InstanceIds=[instance])
    describe(api, instance)
    api.terminate_instances(InstanceIds=[instance, known])


@check
def a_client_can_be_killed_at_a_call():
    for moment, token, made in (("before", "kb", 0), ("after", "ka", 1)):
        region("fault", "pause", moment, "RunInstances")
        child = os.fork()
        if child == 0:
            launch(client(), ClientToken=token)
            os._exit(0)
        end = time.monotonic() + 10
        while region("fault", "paused").strip() == "null":
            assert time.monotonic() < end
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        time.sleep(0.3)
        assert region("fault", "paused").strip() == "null"
        region("fault", "clear")
        found = client().describe_instances(Filters=[{"Name": "client-token", "Values": [token]}])["Reservations"]
        assert len(found) == made, (moment, found)
        for reservation in found:
            client().terminate_instances(InstanceIds=[i["InstanceId"] for i in reservation["Instances"]])


def main() -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", KEY], check=True)
    prepare()
    for function in CHECKS:
        if not WANTED or function.__name__ in WANTED:
            began = time.monotonic()
            try:
                function()
            except BaseException:
                print(region("log")[-6000:], file=sys.stderr)
                raise
            print(f"ok {function.__name__} ({time.monotonic() - began:.1f} s)", flush=True)


main()
