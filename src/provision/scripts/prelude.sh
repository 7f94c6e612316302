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

# content FILE: with a dot after it, so that its end survives $(...); nothing if there is no such file.
content() { [ ! -f "$1" ] || { cat "$1" && echo .; }; }

# durable PATH...: on the disk when it returns, whatever becomes of the power. Old versions sync everything, which will do.
durable() { ! have sync || said=$(sync "$@" 2>&1) || { echo "$said" >&2 && false; }; }

# at FILE: where its content is (a link stays one), and where a new one waits.
at() {
    target=$1
    [ ! -L "$1" ] || target=$(readlink -f "$1") || target=$1
    waiting=${target%/*}/.${target##*/}.docker-machine
}

# draft FILE MODE CONTENT: waits beside the file, whole and on the disk. printf is built in: no content in a process list.
draft() {
    at "$1"
    mkdir -p "${target%/*}"
    rm -f "$waiting"
    { (umask 077 && printf '%s' "$3" | cat >"$waiting") && chmod "$2" "$waiting" && durable "$waiting"; } ||
        { rm -f "$waiting"; fail "cannot write $1"; }
}

# settle FILE...: what waits counts from now on. All in one folder.
settle() {
    for settling; do
        at "$settling"
        mv -f "$waiting" "$target" || { rm -f "$waiting"; fail "cannot write $settling"; }
    done
    for settling; do
        at "$settling"
        if have restorecon; then restorecon "$target" 2>/dev/null || :; fi
    done
    durable "${target%/*}" || fail "cannot write $1"
}

# put FILE MODE CONTENT: never half a file, never a wrong mode, nothing if it is there.
put() {
    if same "$1" "$3"; then
        chmod "$2" "$1"
        return 0
    fi
    draft "$@"
    settle "$1"
    echo "@changed $1"
}

# keep FILE COPY: in place of COPY, with owner and mode.
keep() {
    at "$2"
    { cp -p "$1" "$waiting" && durable "$waiting"; } || { rm -f "$waiting"; fail "cannot write $2"; }
    settle "$2"
}

# A file that dockerd or its unit reads only when it starts.
put_for_engine() {
    same "$1" "$3" || : >"$pending"
    put "$@"
}
