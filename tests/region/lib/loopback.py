"""Regions without computers, on loopback: for tests that need hundreds, without root.

Listens at a Unix socket. Each connection gets a region of its own, in milliseconds (see `forks.py`). Its first line says where it stands, `{"network": "127.64.3"}`; the
answer is the URL of the API. Every further line is a request to the region, as in `control.py`. The region is gone when
the connection ends, and all of them are when this program's standard input does.
"""

import itertools
import json
import os
import socket
import sys
import threading

import forks
import server

# Of a network, for the API; the instances have the numbers from 1 on, each as soon as it is free again.
API_HOST = 253
INSTANCE_HOSTS = range(1, 25)


class Paper:
    """Computers that are only written down: they do at once what they are told to. In place of `lab.Network`."""

    def __init__(self):
        self._power: dict[str, str] = {}
        # What they all write to their consoles.
        self.console = ""

    def exists(self) -> bool:
        return True

    def power(self, host: str) -> str:
        return self._power.get(host, "absent")

    def boot(self, host: str, *_how) -> None:
        self._power[host] = "running"

    def start(self, host: str, _addresses: list[str]) -> None:
        self._power[host] = "running"

    def stop(self, host: str) -> None:
        self._power[host] = "stopped"

    def reboot(self, host: str) -> None:
        """It is back at once."""

    def printed(self, _host: str) -> bytes:
        return self.console.encode()

    def destroy(self, host: str) -> None:
        self._power.pop(host, None)


def main(path: str) -> None:
    os.environ |= server.MOTO
    make = prepare()
    forks.listen(path, lambda connection: serve(connection, make))


def prepare():
    """Loads everything; what it returns makes a region, in a process of its own."""
    import moto.ec2.models.elastic_network_interfaces as interfaces
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    import computers
    import control
    import moto_as_ec2 as ec2
    from consoles import Consoles
    from faults import Faults
    from gate import Gate
    from warm import warm

    class Control(control.Control):
        """What happens behind the user's back, and what a region with computers is asked by others' means."""

        def do_print(self, text: str):
            paper.console = text

        def do_end(self, instance: str):
            self._instance(instance).terminate()

        def do_stop(self, instance: str):
            self._instance(instance).stop()

        def do_start(self, instance: str):
            self._instance(instance).start()

        def do_remove_key_pair(self, name: str):
            for backend in ec2.backends():
                backend.key_pairs.pop(name, None)

        def do_replace_key_pair(self, name: str):
            """By somebody else's, of the same name and without our tags."""
            for backend in ec2.backends():
                if backend.key_pairs.pop(name, None):
                    backend.create_key_pair(name, "ed25519", {})

        def do_empty_group(self, group: str):
            for backend in ec2.backends():
                for groups in backend.groups.values():
                    if group in groups:
                        groups[group].ingress_rules.clear()

        def do_remove_group(self, group: str):
            """As EC2's console does: not while an instance uses it."""
            for backend in ec2.backends():
                for groups in backend.groups.values():
                    if group in groups and not users(backend, group):
                        groups.pop(group)

        def do_users(self):
            """For each security group that is in use, the instances that keep it."""
            found = {}
            for backend in ec2.backends():
                for group in itertools.chain.from_iterable(backend.groups.values()):
                    found[group] = users(backend, group)
            return found

        @staticmethod
        def _instance(wanted: str):
            return next(one for backend in ec2.backends() for one in backend.all_instances() if one.id == wanted)

    def users(backend, group: str) -> list[str]:
        return [
            instance.id for instance in backend.all_instances() if instance.state != "terminated"
            and any(member.id == group for nic in instance.nics.values() for member in nic.group_set)
        ]

    def make(network: str):
        hosts = itertools.cycle(INSTANCE_HOSTS)
        interfaces.random_public_ip = lambda: f"{network}.{next(hosts)}"
        server.serve_api(f"{network}.{API_HOST}", gate)
        machines = computers.Computers(paper, permit=lambda _rules: None)
        threading.Thread(target=machines.run, daemon=True).start()
        return Control(gate, faults, consoles, paper, None)

    faults, paper = Faults(), Paper()
    consoles = Consoles(paper)
    ec2.install(faults)
    gate = Gate(DomainDispatcherApplication(create_backend_app), faults, consoles)
    ec2.backend("us-east-1")
    warm(gate)
    return make


def serve(connection: socket.socket, make) -> None:
    import moto_as_ec2 as ec2

    lines = connection.makefile("rw")
    network = json.loads(lines.readline())["network"]
    region = make(network)
    answer = {"answer": f"http://{network}.{API_HOST}:{server.PORT}"}
    while True:
        lines.write(json.dumps(answer) + "\n")
        lines.flush()
        line = lines.readline()
        if not line:
            return
        request = json.loads(line)
        method = getattr(region, f"do_{request.pop('do')}")
        with ec2.LOCK:
            answer = {"answer": method(**request)}


if __name__ == "__main__":
    main(sys.argv[1])
