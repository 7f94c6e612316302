"""Regions that start at once, for programs that make many: loads what a region is made of, and forks one for each
connection to a Unix socket.

The first line of a connection is the region's name. The answer is `up` as soon as the region answers; where the
connection ends without, its log says why.
"""

import ctypes
import os
import socket
import sys

import forks
import server
from lab import Network

CLONE_NEWNET = 0x40000000


def main(path: str) -> None:
    run = server.prepare()
    forks.listen(path, lambda connection: serve(connection, run))


def serve(connection: socket.socket, run) -> None:
    lines = connection.makefile("rw")
    network = Network(lines.readline().strip())
    os.setsid()
    _write_to(network.state / "ec2" / "log")
    _enter(network)

    def up():
        lines.write("up\n")
        lines.close()
        connection.close()

    run(network, up)


def _write_to(log) -> None:
    for number, target, flags in ((0, "/dev/null", os.O_RDONLY), (1, log, os.O_WRONLY), (2, log, os.O_WRONLY)):
        file = os.open(target, flags | os.O_APPEND)
        os.dup2(file, number)
        os.close(file)


def _enter(network: Network) -> None:
    """The region's network, as Python's own `setns` is newer than the oldest Python that we run on."""
    libc = ctypes.CDLL(None, use_errno=True)
    namespace = os.open(network.namespace(), os.O_RDONLY)
    if libc.setns(namespace, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), f"cannot enter the network of {network.name}")
    os.close(namespace)


if __name__ == "__main__":
    main(sys.argv[1])
