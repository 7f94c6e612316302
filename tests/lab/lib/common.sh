# shellcheck shell=bash
# Paths, messages, waiting, and knowing whether a recorded process is still the same one.

# shellcheck disable=SC2034  # used by the other parts
LAB_CACHE=${DOCKER_MACHINE_LAB_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/docker-machine-lab}
# shellcheck disable=SC2034
LAB_STATE=${DOCKER_MACHINE_LAB_STATE:-/run/docker-machine-lab}

# Namespaces are known to the whole machine, so states other than the usual one need other names.
# shellcheck disable=SC2034
LAB_TAG=lab
[ "$LAB_STATE" = /run/docker-machine-lab ] || LAB_TAG=lab$(cksum <<<"$LAB_STATE" | cut -d ' ' -f 1)

say() {
    printf 'lab: %s\n' "$*" >&2
}

die() {
    say "$*"
    exit 1
}

# Names become parts of file, namespace and machine names, and a host's name its hostname.
check_name() {
    [[ $2 =~ ^[A-Za-z0-9]([A-Za-z0-9_-]{0,29}[A-Za-z0-9])?$ ]] ||
        die "\`$2\` is no name for a $1: letters, digits, - and _, at most 31, no - or _ at the ends"
}

# wait_until SECONDS CONDITION...: polls; fails when the time is up. Many hosts may be waited for at
# once on few processors, so neither the pause nor, if possible, the condition starts a process.
wait_until() {
    local end=$((SECONDS + $1)) never status=1
    shift
    # Nobody writes into this pipe.
    exec {never}<> <(:)
    until "$@" && status=0; do
        [ "$SECONDS" -lt "$end" ] || break
        read -r -t 0.02 -u "$never" || true
    done
    exec {never}<&-
    return $status
}

# A process is recorded as "PID STARTTIME", because a PID alone may belong to someone else later.
process_identity() {
    local start
    process_start_time "$1" && printf '%s %s\n' "$1" "$start"
}

# Sets `start`; fails when there is no such process.
process_start_time() {
    local stat
    { read -r -d '' stat <"/proc/$1/stat"; } 2>/dev/null || [ -n "${stat:-}" ] || return 1
    # The second field is the name in parentheses and may hold anything; what follows is plain.
    read -r -a stat <<<"${stat##*) }"
    # A zombie is over, only its parent has not looked yet.
    [ "${stat[0]}" != Z ] || return 1
    start=${stat[19]}
}

# process_alive FILE: is the process recorded in FILE still running?
process_alive() {
    local pid recorded start
    { read -r pid recorded <"$1"; } 2>/dev/null || return 1
    process_start_time "$pid" && [ "$start" = "$recorded" ]
}

process_ended() {
    ! process_alive "$1"
}

# process_signal SIGNAL FILE: only ever reaches the very process that the lab recorded.
process_signal() {
    local pid
    process_alive "$2" || return 0
    read -r pid _ <"$2"
    kill -s "$1" "$pid" 2>/dev/null || true
}
