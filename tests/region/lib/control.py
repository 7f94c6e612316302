"""The region's control socket: one JSON request a line, one JSON answer a line."""

import json
import socketserver
from pathlib import Path

import accounts
import faultwords
import images
import inventory
import moto_as_ec2 as ec2
from faults import Faults, Rule


class Control:
    """What can be asked, each a method `do_NAME` with plain arguments and a plain answer."""

    def __init__(self, gate, faults: Faults, consoles, network, metadata):
        self._gate = gate
        self._faults = faults
        self._consoles = consoles
        self._network = network
        self._metadata = metadata

    def do_ping(self):
        return "here"

    def do_calls(self):
        return self._gate.log()

    def do_forget_calls(self):
        self._gate.forget_log()

    def do_fault(self, words: list[str]):
        """The words of the command line."""
        what, arguments = faultwords.request(words)
        return getattr(self, f"do_{what}")(**arguments)

    def do_rule(self, **rule):
        self._faults.add(Rule(**rule))

    def do_unknown_looks(self, count: int):
        self._faults.unknown_looks = count

    def do_dying(self, count: int):
        self._faults.dying = count

    def do_faults(self):
        return self._faults.in_force() + self._consoles.in_force()

    def do_console(self, how: str, count: int):
        self._consoles.break_(how, count)

    def do_clear(self):
        self._faults.clear()
        self._consoles.clear()

    def do_resume(self):
        self._faults.resume()

    def do_paused(self):
        call = self._faults.paused
        return call.record() if call else None

    def do_instances(self):
        return inventory.instances(self._network)

    def do_left(self):
        return inventory.left()

    def do_forget(self, instance: str):
        inventory.forget(instance)

    def do_make_older(self, hours: float):
        inventory.make_older(hours)

    def do_images(self, region: str):
        return [
            {"id": image.id_in(region), "name": image.name, "architecture": image.architecture, "owner": image.owner,
             "created": image.created, "root": image.root, "state": image.state}
            for image in images.ALL
        ]

    def do_with_docker(self):
        """From now on computers have Docker, as images that somebody made for that have."""
        self._network.with_docker = True

    def do_role(self, role: str | None):
        self._metadata.give_role(role)

    def do_secrets(self):
        return accounts.secrets()

    def do_attempts(self):
        return self._metadata.attempts()

    def do_paper(self, count: int, region: str):
        """Instances without computers, for fleets that are larger than this machine."""
        with ec2.LOCK:
            backend = ec2.backend(region)
            reservation = backend.run_instances(
                images.ALL[0].id_in(region), count, None, [], instance_type="t3.micro", is_instance_type_default=False,
                region_name=region,
            )
            for instance in reservation.instances:
                instance.paper = True
                ec2.is_running(instance)
            return [instance.id for instance in reservation.instances]

    def do_no_default_network(self, region: str):
        """As in accounts whose default VPC was deleted."""
        with ec2.LOCK:
            for vpc in ec2.backend(region).vpcs.values():
                vpc.is_default = False


class _Handler(socketserver.StreamRequestHandler):
    def handle(self):
        request = json.loads(self.rfile.readline())
        try:
            method = getattr(self.server.control, f"do_{request.pop('do')}")
            answer = {"answer": method(**request)}
        except faultwords.FaultError as error:
            answer = {"error": str(error)}
        except Exception as error:  # Whoever asked gets to know; the region goes on.
            answer = {"error": f"{type(error).__name__}: {error}"}
        self.wfile.write(json.dumps(answer).encode() + b"\n")


class ControlServer(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def __init__(self, path: Path, control: Control):
        self.control = control
        super().__init__(str(path), _Handler)
