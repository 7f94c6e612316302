"""A process for every connection to a Unix socket, forked from this one, in which everything is loaded."""

import os
import select
import signal
import socket
import sys


def address(path: str) -> str:
    """With @ in front it is a name without a file, gone with its process."""
    return f"\0{path[1:]}" if path.startswith("@") else path


def listen(path: str, serve) -> None:
    """Prints `ready`; `serve(connection)` runs in each process. Ends when standard input does."""
    # The ends of the processes are nobody's business.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address(path))
        listener.listen(64)
        print("ready", flush=True)
        while True:
            ready, _, _ = select.select([listener, sys.stdin], [], [])
            if sys.stdin in ready:
                return
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                # It has children of its own, and wants to know how they end.
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                serve(connection)
                os._exit(0)
            connection.close()
