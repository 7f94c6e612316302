set -eu
echo @ready
export LC_ALL=C PATH="${PATH:-/bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
umask 022

# There while the engine has not been restarted after a change; gone after a reboot, which restarts it anyway.
pending=/run/docker-machine.restart
# Scratch space of the one script that runs at a time.
work=/run/docker-machine

have() { command -v "$1" >/dev/null 2>&1; }
fact() { printf '@fact %s %s\n' "$1" "$2"; }
step() { echo "@step $1"; }
note() { echo "@note $1"; }
fail() { echo "$*" >&2; exit 1; }

same() { [ -f "$1" ] && [ "$(cat "$1"; echo .)" = "$2." ]; }

# put FILE MODE CONTENT: never half a file, never a wrong mode. printf is built in: no content in a process list.
put() {
    if same "$1" "$3"; then
        chmod "$2" "$1"
        return 0
    fi
    mkdir -p "${1%/*}"
    temp=${1%/*}/.${1##*/}.docker-machine
    rm -f "$temp"
    (umask 077 && printf '%s' "$3" >"$temp") || { rm -f "$temp"; fail "cannot write $1"; }
    chmod "$2" "$temp"
    mv -f "$temp" "$1"
    if have restorecon; then restorecon "$1" 2>/dev/null || :; fi
    echo "@changed $1"
}

# A file that dockerd or its unit reads only when it starts.
put_for_engine() {
    same "$1" "$3" || : >"$pending"
    put "$@"
}
