"""The command line: `region NAME ...`. It loads little, as it is called often."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from lab import LAB, LabError, Network, lab

PORT = 4566

USAGE = """A cloud region on this one machine: an EC2 API, and real computers behind it.

  region setup                     install what is missing; quick when done
  region NAME up [--owner PID] [--from SOCKET]
                                   a new region, gone when its owner (default: the caller) ends;
                                   from a `region preload SOCKET` it starts at once
  region NAME down                 destroy it with all its computers
  region NAME exec CMD...          run CMD in it, with endpoint and access keys in the environment
  region NAME aws WORDS...         the AWS CLI as the region's operator: not logged, meets no faults
  region NAME endpoint             print the URL of the API
  region NAME env                  print the variables that `exec` sets
  region NAME instances [--json]   every instance and the computer behind it
  region NAME images [REGION]      what can be launched
  region NAME left [--json]        what was made in the account and is still there
  region NAME calls [--json|--clear]
                                   the calls of the API so far: number, action, answer
  region NAME shell INSTANCE [-- CMD...]
                                   root shell in a computer, past SSH
  region NAME console INSTANCE     what its console shows
  region NAME forget INSTANCE      the API does not know it any more
  region NAME older HOURS          everything in the account was made so much earlier
  region NAME paper COUNT [REGION] instances without computers, for large fleets; prints their ids
  region NAME no-default-vpc [REGION]
  region NAME with-docker          new computers have Docker already, and it runs
  region NAME role ROLE|off        whether the metadata service gives whoever runs in the region this role
  region NAME secrets              all that must never be written down: keys and tokens that work here
  region NAME probes               how often somebody connected to 169.254.169.254
  region NAME log                  the region's own log
  region NAME fault ...            let something go wrong:
"""


def main(words: list[str]) -> int:
    if not words or words[0] in ("help", "-h", "--help"):
        import faultwords

        print(USAGE + faultwords.USAGE)
        return 0
    if len(words) < 2:
        raise UsageError("which command? see `region help`")
    name, command, *rest = words
    network = Network(name)
    if command != "up" and not (network.state / "ec2").is_dir():
        raise UsageError(f"there is no region `{name}`")
    run = COMMANDS.get(command)
    if run is None:
        raise UsageError(f"unknown command `{command}`; see `region help`")
    return run(network, rest) or 0


class UsageError(Exception):
    """The message says what is wrong."""


def ask(network: Network, what: str, **arguments):
    """One question to the region's process."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(network.state / "ec2" / "control"))
        connection.sendall(json.dumps({"do": what, **arguments}).encode() + b"\n")
        answer = json.loads(connection.makefile().readline())
    if "error" in answer:
        raise UsageError(answer["error"])
    return answer["answer"]


def up(network: Network, words: list[str]):
    options = {"--owner": str(os.getppid()), "--from": None}
    if len(words) % 2 or not options.keys() >= set(words[::2]):
        raise UsageError("usage: region NAME up [--owner PID|none] [--from SOCKET]")
    options |= zip(words[::2], words[1::2])
    lab("region", network.name, "up", "--owner", options["--owner"])
    try:
        state = network.state / "ec2"
        state.mkdir()
        (state / "log").touch()
        if not (_fork(network, options["--from"]) if options["--from"] else _start(network)):
            raise UsageError(f"the API does not start:\n{(state / 'log').read_text()[-2000:]}")
    except BaseException:
        down(network, [])
        raise
    print(_endpoint(network))


def _fork(network: Network, preloaded: str) -> bool:
    import forks

    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(60)
        connection.connect(forks.address(preloaded))
        connection.sendall(network.name.encode() + b"\n")
        return connection.makefile().readline() == "up\n"


def _start(network: Network) -> bool:
    with open(network.state / "ec2" / "log", "w") as log:
        server = subprocess.Popen(
            _inside(network, [sys.executable, str(Path(__file__).with_name("server.py")), network.name]),
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )
    end = time.monotonic() + 60
    while not _answers(network):
        if server.poll() is not None or time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def _answers(network: Network) -> bool:
    try:
        return ask(network, "ping") == "here"
    except OSError:
        return False


def down(network: Network, _words):
    lab("region", network.name, "down")


def exec_(network: Network, words: list[str]):
    defaults = _environment(network)
    if any(variable in os.environ for variable in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID")):
        defaults = {key: value for key, value in defaults.items() if "KEY" not in key}
    return _replace(network, words, defaults)


def aws(network: Network, words: list[str]):
    import accounts

    keys = {"AWS_ACCESS_KEY_ID": accounts.OPERATOR, "AWS_SECRET_ACCESS_KEY": accounts.SECRETS[accounts.OPERATOR]}
    fixed = {**_environment(network), **keys, "AWS_PAGER": "", "AWS_CONFIG_FILE": "/dev/null",
             "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}
    for variable in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[variable]
    return _replace(network, [str(Path(sys.executable).with_name("aws")), *words], fixed)


def _environment(network: Network) -> dict[str, str]:
    import accounts

    return {
        "AWS_ENDPOINT_URL": _endpoint(network),
        "AWS_ACCESS_KEY_ID": accounts.USER,
        "AWS_SECRET_ACCESS_KEY": accounts.SECRETS[accounts.USER],
        "AWS_DEFAULT_REGION": "us-east-1",
    }


def _replace(network: Network, words: list[str], defaults: dict[str, str]):
    if not words:
        raise UsageError("which command?")
    command = _inside(network, words)
    os.execvpe(command[0], command, {**defaults, **os.environ})


def _inside(network: Network, words: list[str]) -> list[str]:
    return [str(LAB), "region", network.name, "exec", *words]


def _endpoint(network: Network) -> str:
    return f"http://{network.address()}:{PORT}"


def endpoint(network: Network, _words):
    print(_endpoint(network))


def env(network: Network, _words):
    for variable, value in _environment(network).items():
        print(f"export {variable}={value}")


def instances(network: Network, words: list[str]):
    _table(ask(network, "instances"), words,
           lambda i: [i["region"], i["id"], i["state"], i["power"], i["type"], i["private"], i["public"] or "-",
                      i["user"], i["tags"].get("Name", "")])


def images(network: Network, words: list[str]):
    region = words[0] if words else "us-east-1"
    _table(ask(network, "images", region=region), words[1:], lambda i: [i["id"], i["architecture"], i["name"]])


def left(network: Network, words: list[str]):
    _table(ask(network, "left"), words,
           lambda thing: [thing["region"], thing["kind"], thing["id"], thing["name"],
                          " ".join(f"{key}={value}" for key, value in thing["tags"].items())])


def calls(network: Network, words: list[str]):
    if words == ["--clear"]:
        ask(network, "forget_calls")
        return
    _table(ask(network, "calls"), words,
           lambda call: [str(call["number"]), time.strftime("%H:%M:%S", time.localtime(call["time"])), call["region"],
                         call["action"], "..." if call["status"] is None else str(call["status"]),
                         call["code"] or "", call["fault"] or ""])


def _table(rows: list[dict], words: list[str], columns):
    """JSON, one object a line, for programs; tab-separated columns for people."""
    for row in rows:
        print(json.dumps(row) if "--json" in words else "\t".join(columns(row)))


def shell(network: Network, words: list[str]):
    os.execv(LAB, [str(LAB), "host", network.name, words[0], "shell", *words[1:]])


def console(network: Network, words: list[str]):
    os.execv(LAB, [str(LAB), "host", network.name, words[0], "log"])


def forget(network: Network, words: list[str]):
    ask(network, "forget", instance=words[0])


def older(network: Network, words: list[str]):
    ask(network, "make_older", hours=float(words[0]))


def no_default_vpc(network: Network, words: list[str]):
    ask(network, "no_default_network", region=words[0] if words else "us-east-1")


def paper(network: Network, words: list[str]):
    print("\n".join(ask(network, "paper", count=int(words[0]), region=words[1] if len(words) > 1 else "us-east-1")))


def with_docker(network: Network, _words):
    ask(network, "with_docker")


def role(network: Network, words: list[str]):
    ask(network, "role", role=None if words[0] == "off" else words[0])


def probes(network: Network, _words):
    print(ask(network, "attempts"))


def secrets(network: Network, _words):
    print("\n".join(ask(network, "secrets")))


def log(network: Network, _words):
    print((network.state / "ec2" / "log").read_text(), end="")


def fault(network: Network, words: list[str]):
    answer = ask(network, "fault", words=words)
    if isinstance(answer, list):
        for row in answer:
            print(json.dumps(row))
    elif words == ["paused"]:
        print(json.dumps(answer))


COMMANDS = {
    "up": up, "down": down, "exec": exec_, "aws": aws, "endpoint": endpoint, "env": env, "instances": instances,
    "images": images, "left": left, "calls": calls, "shell": shell, "console": console, "forget": forget,
    "older": older, "no-default-vpc": no_default_vpc, "with-docker": with_docker, "paper": paper, "role": role, "secrets": secrets,
    "probes": probes, "log": log, "fault": fault,
}

if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        sys.exit(main(sys.argv[1:]))
    except (UsageError, LabError) as error:
        print(f"region: {error}", file=sys.stderr)
        sys.exit(1)
