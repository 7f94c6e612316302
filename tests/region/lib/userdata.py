"""What cloud-init does with user data at the first boot, as a script for the new root file system.

The subset: gzip, MIME multipart, `#!` scripts, and cloud-config with `ssh_authorized_keys`, `users`, `write_files`,
`bootcmd` and `runcmd`, several parts merged by cloud-init's rules. Keys and users exist before sshd answers; scripts
run late in the boot, after it, and `cloud-init status --wait` waits for them. Anything else is noted in
/var/log/cloud-init.log, as cloud-init notes modules that it does not have.
"""

import base64
import email
import gzip
import re
import shlex

import yaml

_KNOWN = {"ssh_authorized_keys", "users", "write_files", "bootcmd", "runcmd", "merge_how", "merge_type"}
_SCRIPTS = "/var/lib/cloud/instance/scripts"

_PROGRAM = r"""#!/bin/sh
[ "$1" = status ] || exit 0
[ "$2" != --wait ] || until [ -e /run/cloud-init/result.json ]; do sleep 0.1; done
if [ -e /run/cloud-init/result.json ]; then echo 'status: done'; else echo 'status: running'; fi
[ ! -e /run/cloud-init/failed ] || exit 1
"""

_RUN_ALL = f"""#!/bin/sh
if [ ! -e /var/lib/cloud/instance/boot-finished ]; then
    echo "Cloud-init v. 25.1.4 running 'modules:final' at $(date -R). Up $(cut -d' ' -f1 /proc/uptime) seconds." >/dev/console
    for script in {_SCRIPTS}/*; do
        [ ! -x "$script" ] || "$script" || touch /run/cloud-init/failed
    done
    /usr/lib/cloud-init/write-ssh-key-fingerprints >/dev/console
    touch /var/lib/cloud/instance/boot-finished
fi
echo "Cloud-init v. 25.1.4 finished at $(date -R). Datasource DataSourceEc2Local.  Up $(cut -d' ' -f1 /proc/uptime) seconds" >/dev/console
echo '{{}}' >/run/cloud-init/result.json
"""

# What cloud-init prints late in the first boot, with the help of this very command.
_SHOW_KEYS = r"""#!/bin/sh
exec 2>&1
say() { logger -p user.info -t ec2 -s -- "$1"; }
say '#############################################################'
say '-----BEGIN SSH HOST KEY FINGERPRINTS-----'
for key in /etc/ssh/ssh_host_*_key.pub; do say "$(ssh-keygen -l -f "$key")"; done
say '-----END SSH HOST KEY FINGERPRINTS-----'
say '#############################################################'
echo '-----BEGIN SSH HOST KEY KEYS-----'
cat /etc/ssh/ssh_host_*_key.pub
echo '-----END SSH HOST KEY KEYS-----'
"""

_UNIT = """[Unit]
Description=User data of the instance
After=network.target ssh.service
[Service]
Type=oneshot
ExecStart=/usr/local/lib/user-data
StandardOutput=append:/var/log/cloud-init-output.log
StandardError=append:/var/log/cloud-init-output.log
[Install]
WantedBy=multi-user.target
"""


def first_boot_script(user_data: bytes, login_user: str) -> str:
    """A shell script that prepares a root file system as this user data demands."""
    scripts, config, notes = read(user_data)
    lines = [f"mkdir -p {_SCRIPTS}"]
    lines += _write("/usr/bin/cloud-init", _PROGRAM.encode(), "755")
    lines += _write("/usr/local/lib/user-data", _RUN_ALL.encode(), "755")
    lines += _write("/usr/lib/cloud-init/write-ssh-key-fingerprints", _SHOW_KEYS.encode(), "755")
    lines += _write("/etc/systemd/system/cloud-final.service", _UNIT.encode(), "644")
    lines += _write("/etc/tmpfiles.d/cloud-init.conf", b"d /run/cloud-init 0755\n", "644")
    lines += ["systemctl --quiet enable cloud-final.service"]
    lines += _authorize(login_user, config.get("ssh_authorized_keys") or [])
    for user in config.get("users") or []:
        lines += _user(user)
    for file in config.get("write_files") or []:
        lines += _write(file["path"], _content(file), str(file.get("permissions", "644")))
    for name in ("bootcmd", "runcmd"):
        if config.get(name):
            lines += _write(f"{_SCRIPTS}/00-{name}", _commands(config[name]).encode(), "755")
    for number, script in enumerate(scripts, 1):
        lines += _write(f"{_SCRIPTS}/part-{number:03}", script, "755")
    notes += [f"no handler for {key}" for key in config if key not in _KNOWN]
    lines += _write("/var/log/cloud-init.log", "".join(f"{note}\n" for note in notes).encode(), "644")
    return "\n".join(lines) + "\n"


def read(user_data: bytes) -> tuple[list[bytes], dict, list[str]]:
    """Scripts in their order, the merged cloud-config, and what was not understood."""
    scripts: list[bytes] = []
    config: dict = {}
    notes: list[str] = []
    for kind, content in _parts(user_data):
        if kind == "text/x-shellscript":
            scripts.append(content)
        elif kind == "text/cloud-config":
            try:
                part = yaml.safe_load(content) or {}
            except yaml.YAMLError as error:
                notes.append(f"failed loading yaml: {error}")
                continue
            config = _merge_part(config, part)
        else:
            notes.append(f"unhandled user data of type {kind}")
    return scripts, config, notes


def _parts(data: bytes) -> list[tuple[str, bytes]]:
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    if not data.strip():
        return []
    if re.match(rb"(?i)(content-type|mime-version):", data):
        message = email.message_from_bytes(data)
        return [
            _typed(part.get_content_type(), part.get_payload(decode=True) or b"")
            for part in message.walk()
            if not part.is_multipart()
        ]
    return [_typed("text/plain", data)]


def _typed(kind: str, content: bytes) -> tuple[str, bytes]:
    # cloud-init looks at the first line when the type says nothing.
    if kind in ("text/plain", "application/octet-stream"):
        if content.startswith(b"#!"):
            kind = "text/x-shellscript"
        elif content.startswith(b"#cloud-config"):
            kind = "text/cloud-config"
    return kind, content


def _merge_part(config: dict, part: dict) -> dict:
    how = part.get("merge_how") or part.get("merge_type")
    if not how:
        return {**config, **part}
    return _merge_dict(config, part, _rules(how))


def _rules(how) -> dict[str, list[str]]:
    """`list(append)+dict(no_replace,recurse_list)` or its long form, as {"list": ["append"], ...}."""
    if isinstance(how, str):
        return {name: opts.split(",") if opts else [] for name, opts in re.findall(r"(\w+)\(([^)]*)\)", how)}
    return {rule["name"]: list(rule.get("settings") or []) for rule in how}


def _merge_dict(old: dict, new: dict, rules: dict[str, list[str]]) -> dict:
    options = rules.get("dict", [])
    merged = dict(old)
    for key, value in new.items():
        if key not in merged or "replace" in options:
            merged[key] = value
        elif isinstance(value, dict) and isinstance(merged[key], dict):
            merged[key] = _merge_dict(merged[key], value, rules)
        elif isinstance(value, list) and isinstance(merged[key], list) and {"recurse_list", "recurse_array"} & set(options):
            merged[key] = _merge_list(merged[key], value, rules.get("list", []))
    return merged


def _merge_list(old: list, new: list, options: list[str]) -> list:
    if "append" in options:
        return old + new
    if "prepend" in options:
        return new + old
    if "no_replace" in options:
        return old
    return new[: len(old)] + old[len(new) :]


def _user(user) -> list[str]:
    if user == "default" or not isinstance(user, dict):
        return []
    name = user["name"]
    lines = [f"id -u {shlex.quote(name)} >/dev/null 2>&1 || "
             f"useradd --create-home --shell {shlex.quote(user.get('shell', '/bin/sh'))} {shlex.quote(name)}"]
    rules = user.get("sudo") or []
    for rule in [rules] if isinstance(rules, str) else rules:
        lines.append(f"echo {shlex.quote(f'{name} {rule}')} >>/etc/sudoers.d/90-cloud-init-users")
    return lines + _authorize(name, user.get("ssh_authorized_keys") or [])


def _authorize(user: str, keys: list[str]) -> list[str]:
    if not keys:
        return []
    home = f"$(getent passwd {shlex.quote(user)} | cut -d: -f6)"
    lines = [f'home="{home}"', f'install -d -m 700 -o {user} "$home/.ssh"']
    lines += [f'echo {shlex.quote(key)} >>"$home/.ssh/authorized_keys"' for key in keys]
    return [*lines, f'chown {user}: "$home/.ssh/authorized_keys"', 'chmod 600 "$home/.ssh/authorized_keys"']


def _content(file: dict) -> bytes:
    content = file.get("content", "")
    encoding = str(file.get("encoding", "text/plain"))
    data = content.encode() if isinstance(content, str) else content
    if "b64" in encoding or "base64" in encoding:
        data = base64.b64decode(data)
    return gzip.decompress(data) if encoding.startswith("gz") else data


def _write(path: str, content: bytes, mode: str) -> list[str]:
    target = shlex.quote(path)
    encoded = base64.b64encode(content).decode()
    return [f"mkdir -p $(dirname {target})", f"echo {encoded} | base64 -d >{target}", f"chmod {mode} {target}"]


def _commands(commands: list) -> str:
    lines = [command if isinstance(command, str) else shlex.join(str(word) for word in command) for command in commands]
    return "\n".join(["#!/bin/sh", *lines, ""])
