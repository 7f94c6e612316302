"""The process that is a region: the API on the region's address, the computers, the control socket.

Started by `region NAME up` inside the lab region's network, or forked by `preload.py`; ends by itself when that region is
gone.
"""

import logging
import os
import sys
import threading

from lab import Network

PORT = 4566

MOTO = {
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
    "MOTO_ENABLE_AMI_VALIDATION": "true",
    "MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION": "true",
}


def serve_api(address: str, gate) -> None:
    """Answers from now on, in threads of its own."""
    from werkzeug.serving import WSGIRequestHandler, make_server

    import signon

    class Requests(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def make_environ(self):
            return {**super().make_environ(), signon.TOKEN: self.headers.get(signon.TOKEN_HEADER)}

    for noisy in ("werkzeug", "botocore"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    api = make_server(address, PORT, gate, threaded=True, request_handler=Requests)
    threading.Thread(target=api.serve_forever, daemon=True).start()


def prepare():
    """Loads everything; what it returns becomes a region, in its network, and says when it answers."""
    os.environ |= MOTO
    from moto.moto_api._internal import mock_random
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    import moto_as_ec2
    import signon
    from computers import Computers
    from consoles import Consoles
    from control import Control, ControlServer
    from faults import Faults
    from gate import Gate
    from metadata import Metadata
    from warm import warm

    faults = Faults()
    moto_as_ec2.install(faults)
    moto = DomainDispatcherApplication(create_backend_app)
    moto_as_ec2.backend("us-east-1")
    warm(Gate(moto, faults, Consoles(None)))

    def run(network, up=lambda: None) -> None:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)
        # Regions that come from one process have other ids.
        mock_random.seed()
        consoles = Consoles(network)
        gate = Gate(moto, faults, consoles)
        socket = network.state / "ec2" / "control"
        control = ControlServer(socket, Control(gate, faults, consoles, network, Metadata()))
        serve_api(network.address(), gate)
        signon.serve_agent()
        threading.Thread(target=control.serve_forever, daemon=True).start()
        up()
        Computers(network).run()
        os._exit(0)

    return run


if __name__ == "__main__":
    prepare()(Network(sys.argv[1]))
