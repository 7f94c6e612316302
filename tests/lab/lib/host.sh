# shellcheck shell=bash
# The commands for one host. Its power is a background process (supervise.sh); everything here
# only looks at the state folder and sends signals.

host_command() {
    local region=${1:?which region?} host=${2:?which host?} command=${3:-}
    check_name region "$region"
    check_name host "$host"
    region_require "$region"
    [ $# -lt 3 ] || shift 3
    local state=$LAB_STATE/$region/hosts/$host
    [ "$command" = up ] || [ -d "$state" ] || die "there is no host \`$host\` in region \`$region\`"
    case $command in
        up) host_up "$region" "$host" "$@" ;;
        down) host_down "$region" "$host" ;;
        stop) host_stop "$region" "$host" ;;
        start) host_start "$region" "$host" "$@" ;;
        reboot) host_reboot "$region" "$host" ;;
        crash) host_crash "$region" "$host" ;;
        wait) host_wait "$region" "$host" ;;
        rekey) host_rekey "$region" "$host" ;;
        shell) host_shell "$region" "$host" "$@" ;;
        ip) cat "$state/addresses" ;;
        status) host_status "$region" "$host" ;;
        log) cat "$state/console.log" ;;
        *) die "unknown command \`host REGION NAME $command\`; see \`lab help\`" ;;
    esac
}

host_up() {
    local region=$1 host=$2 state=$LAB_STATE/$1/hosts/$2
    shift 2
    # In a subshell, as the lock must not be inherited by the supervisor. The options are read in a
    # folder with a hidden name, so that a refused one leaves nothing.
    (
        flock 9
        [ ! -d "$state" ] || die "there is a host \`$host\` in region \`$region\` already"
        fresh=$(mktemp -d "$LAB_STATE/$region/hosts/.new.XXXXXX")
        trap 'rm -rf "$fresh"' EXIT
        host_options "$fresh" "$region" "$@"
        disk_make "$fresh" "$LAB_STATE/$region"
        mv "$fresh" "$state"
    ) 9>"$LAB_STATE/.locks/$region"
    host_power_on "$region" "$host"
    head -n 1 "$state/addresses"
}

host_start() {
    local region=$1 host=$2 state=$LAB_STATE/$1/hosts/$2 addresses=()
    shift 2
    # While it powers off, it is too early.
    [ -e "$state/nspawn" ] || wait_until 60 process_ended "$state/supervisor" ||
        die "the host \`$host\` does not finish powering off"
    [ "$(host_status "$region" "$host")" = stopped ] || return 0
    while [ $# -gt 0 ]; do
        [ "$1" = --ip ] || die "unknown option \`$1\` of \`host REGION NAME start\`"
        addresses+=("${2:?--ip needs a value}")
        shift 2
    done
    [ ${#addresses[@]} = 0 ] || (
        flock 9
        # Its own are free to be chosen again, and are back if the new ones are refused.
        mv "$state/addresses" "$state/addresses-before"
        trap '[ -e "$state/addresses" ] || mv "$state/addresses-before" "$state/addresses"' EXIT
        option_addresses "$state" "$region" "${addresses[@]}"
    ) 9>"$LAB_STATE/.locks/$region"
    host_power_on "$region" "$host"
}

host_power_on() {
    local state=$LAB_STATE/$1/hosts/$2
    rm -f "$state/supervisor" "$state/nspawn"
    # Away from the caller's terminal and pipes, or it would never see their end.
    setsid "$LAB" __supervise "$1" "$2" </dev/null >>"$state/console.log" 2>&1 &
    wait_until 60 test -s "$state/supervisor" || die "the supervisor of $2 does not start"
    [ -e "$state/no-wait" ] || host_wait "$1" "$2"
}

# Returns when one can log in.
host_wait() {
    local state=$LAB_STATE/$1/hosts/$2
    in_namespace "$(region_namespace "$1")" timeout --foreground 300 "$LAB" __await-login "$1" "$2" || {
        tail -n 20 "$state/console.log" >&2
        die "the host \`$2\` did not come up; the end of its console is above"
    }
}

# Runs inside the region.
host_await_login() {
    local state=$LAB_STATE/$1/hosts/$2 address port
    read -r address <"$state/addresses"
    read -r port <"$state/ssh-port"
    wait_until 300 host_answers_or_is_over "$state" "$address" "$port" && process_alive "$state/supervisor"
}

host_answers_or_is_over() {
    process_ended "$1/supervisor" || host_answers "$@"
}

host_answers() {
    local init line
    host_find_init "$1" || return 1
    # Until the end of the boot only root is let in.
    [ ! -e "/proc/$init/root/run/nologin" ] || return 1
    { read -r -t 2 line <"/dev/tcp/$2/$3"; } 2>/dev/null && [[ $line == SSH-* ]]
}

# host_find_init STATE: sets `init` to the PID of the host's process 1, as this machine sees it.
host_find_init() {
    local _
    # The kernel's list of children may miss one while another ends.
    for _ in {1..20}; do
        process_alive "$1/nspawn" || return 1
        host_look_for_init "$1" && return
        sleep 0.1
    done
    return 1
}

host_look_for_init() {
    local nspawn children child line
    read -r nspawn _ <"$1/nspawn"
    { read -r -a children <"/proc/$nspawn/task/$nspawn/children"; } 2>/dev/null || true
    for child in "${children[@]}"; do
        while read -r line; do
            # The process that has a second PID, which is 1.
            [[ ! $line =~ ^NSpid:.*[[:space:]]1$ ]] || { init=$child && return; }
        done 2>/dev/null <"/proc/$child/status" || true
    done
    return 1
}

host_status() {
    if process_alive "$LAB_STATE/$1/hosts/$2/supervisor"; then
        echo running
    else
        echo stopped
    fi
}

# Sets `init`.
host_require_running() {
    host_find_init "$LAB_STATE/$1/hosts/$2" || die "the host \`$2\` is not running"
}

host_stop() {
    local state=$LAB_STATE/$1/hosts/$2 init
    if host_find_init "$state"; then
        # What systemd takes for `systemctl poweroff`.
        kill -s RTMIN+4 "$init" 2>/dev/null || true
        wait_until 60 process_ended "$state/supervisor" || say "\`$2\` does not power off; pulling the plug"
    fi
    host_crash "$1" "$2"
}

host_crash() {
    local state=$LAB_STATE/$1/hosts/$2 init
    ! host_find_init "$state" || kill -s KILL "$init" 2>/dev/null || true
    # The supervisor tidies up after its host. Where there is no host yet, or tidying up hangs, it
    # takes the host with it.
    wait_until 5 process_ended "$state/supervisor" || {
        process_signal KILL "$state/supervisor"
        wait_until 5 process_ended "$state/nspawn" || true
    }
    host_unplug "$1" "$2"
}

host_unplug() {
    cgroup_end "$(host_namespace "$1" "$2")"
    network_detach "$1" "$2"
}

host_down() {
    local state=$LAB_STATE/$1/hosts/$2 disk
    disk=$(<"$state/disk")
    host_crash "$1" "$2"
    rm -rf --one-file-system "$disk" "$state"
}

host_reboot() {
    local state=$LAB_STATE/$1/hosts/$2 init before
    host_require_running "$1" "$2"
    before=$(<"$state/nspawn")
    kill -s RTMIN+5 "$init"
    wait_until 120 host_boot_changed "$state" "$before" || die "the host \`$2\` does not reboot"
    host_wait "$1" "$2"
}

host_boot_changed() {
    [ "$(cat "$1/nspawn" 2>/dev/null)" != "$2" ]
}

host_rekey() {
    host_shell "$1" "$2" sh -c \
        'rm /etc/ssh/ssh_host_* && ssh-keygen -q -A >/dev/null && systemctl restart ssh.service'
    host_wait "$1" "$2"
}

host_shell() {
    local init
    host_require_running "$1" "$2"
    shift 2
    [ "${1:-}" != -- ] || shift
    [ $# -gt 0 ] || set -- bash -l
    exec_in_host "$init" "$@"
}

exec_in_host() {
    local init=$1
    shift
    # Not exec'd where a function goes on afterwards; `nsenter` passes the exit status on.
    nsenter -t "$init" --mount --uts --ipc --net --pid --cgroup --root --wd -- \
        env -i HOME=/root USER=root LOGNAME=root LANG=C.UTF-8 TERM="${TERM:-dumb}" \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}
