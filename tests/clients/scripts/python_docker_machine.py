"""python-docker-machine: all of its calls on a machine that is up, and on one whose engine is down."""

import os
import sys

import docker
from machine import Machine


def fails(call, text):
    try:
        call()
    except RuntimeError as error:
        assert text in str(error), error
    else:
        raise AssertionError(f"no error with {text!r}")


def create(machine, ip, key, script):
    flags = ["--generic-ip-address", ip, "--generic-ssh-key", key, "--engine-install-url", script]
    assert machine.create("web", driver="generic", xarg=flags) == 0


def up(machine, ip):
    assert machine.version()[0].isdigit()
    assert machine.exists("web") and not machine.exists("we")
    assert machine.status("web")
    assert machine.ip("web") == ip
    assert machine.url("web") == f"tcp://{ip}:2376"
    assert machine.inspect("web")["Driver"]["IPAddress"] == ip
    assert f'DOCKER_HOST="tcp://{ip}:2376"' in machine.env("web")
    row = machine.ls()[0]
    assert (row["Name"], row["State"], row["ActiveHost"], row["Error"]) == ("web", "Running", "false", ""), row
    assert machine.active() is None
    os.environ["DOCKER_HOST"] = f"tcp://{ip}:2376"
    assert machine.active() == "web"

    config = machine.config("web")
    engine = docker.DockerClient(**config).version()
    assert row["DockerVersion"] == "v" + engine["Version"]

    assert machine.ssh("web", "echo one two") == ["one", "two"]
    home = os.environ["HOME"]
    os.makedirs(f"{home}/sent")
    with open(f"{home}/sent/letter", "w") as letter:
        letter.write("dear host\n")
    machine.scp(f"{home}/sent", "web:/root", recursive=True)
    machine.scp("web:/root/sent/letter", f"{home}/answer")
    with open(f"{home}/answer") as answer:
        assert answer.read() == "dear host\n"

    fails(lambda: machine.start("web"), "is already running")
    fails(lambda: machine.stop("web"), "does not support stop")
    fails(lambda: machine.kill("web"), "does not support kill")
    assert machine.provision("web") and machine.regenerate_certs("web") and machine.upgrade("web")
    docker.DockerClient(**machine.config("web")).ping()


def down(machine, _ip):
    fails(lambda: machine.config("web"), "There was an error validating certificates")
    fails(lambda: machine.env("web"), "Error checking TLS connection")
    assert machine.status("web")
    assert machine.ls()[0]["DockerVersion"] == "Unknown"


def rm(machine):
    fails(lambda: machine.rm("nope"), 'Docker machine "nope" does not exist')
    machine.rm("nope", force=True)
    machine.rm("web")
    assert not machine.exists("web")


if __name__ == "__main__":
    phase, *arguments = sys.argv[1:]
    {"create": create, "up": up, "down": down, "rm": rm}[phase](Machine(), *arguments)
