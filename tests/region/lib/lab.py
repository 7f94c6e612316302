"""The lab's commands, as far as a region needs them (see tests/lab/README.md)."""

import os
import subprocess
from pathlib import Path

LAB = Path(__file__).resolve().parents[2] / "lab" / "lab"
STATE = Path(os.environ.get("DOCKER_MACHINE_LAB_STATE", "/run/docker-machine-lab"))


class LabError(Exception):
    """The lab refused; the text is its message."""


def lab(*words: str) -> str:
    """Runs a command of the lab and returns what it prints."""
    done = subprocess.run([str(LAB), *words], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise LabError(done.stderr.strip() or f"`lab {' '.join(words)}` failed")
    return done.stdout.strip()


def alive(record: Path) -> bool:
    """Whether the process that the lab wrote down as `PID STARTTIME` still runs."""
    try:
        pid, start = record.read_text().split()
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return False
    return fields[0] != "Z" and fields[19] == start


class Network:
    """The region of the lab in which the computers stand."""

    def __init__(self, name: str):
        self.name = name
        self.state = STATE / name
        # Whether new hosts have Docker already.
        self.with_docker = False

    def exists(self) -> bool:
        return self.state.is_dir()

    def address(self) -> str:
        return (self.state / "address").read_text().strip()

    def namespace(self) -> str:
        """Its network, as a file to enter it with: that of its web server."""
        return f"/proc/{(self.state / 'httpd').read_text().split()[0]}/ns/net"

    def power(self, host: str) -> str:
        """`absent`, `running` or `stopped`, as cheaply as can be: it is asked many times a second."""
        state = self.state / "hosts" / host
        if not state.is_dir():
            return "absent"
        return "running" if alive(state / "supervisor") else "stopped"

    def boot(self, host: str, user: str, keys: list[str], addresses: list[str], first_boot: str) -> None:
        # Later than the rest: it is all that takes long to load, and most commands do not need it.
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            key, script = Path(folder, "keys"), Path(folder, "script")
            key.write_text("".join(f"{line}\n" for line in keys))
            script.write_text(first_boot)
            lab("host", self.name, host, "up", "--no-wait", "--user", f"{user}:sudo", "--key", str(key),
                "--first-boot", str(script), *(["--with-docker"] if self.with_docker else []), *_addresses(addresses))

    def start(self, host: str, addresses: list[str]) -> None:
        lab("host", self.name, host, "start", *_addresses(addresses))

    def stop(self, host: str) -> None:
        lab("host", self.name, host, "stop")

    def reboot(self, host: str) -> None:
        lab("host", self.name, host, "reboot")

    def printed(self, host: str) -> bytes:
        """What the host has written to its console."""
        try:
            return (self.state / "hosts" / host / "console.log").read_bytes()
        except FileNotFoundError:
            return b""

    def destroy(self, host: str) -> None:
        if self.power(host) != "absent":
            lab("host", self.name, host, "down")


def _addresses(addresses: list[str]) -> list[str]:
    return [word for address in addresses for word in ("--ip", address)]
