# One folder per running container.
running() { find /run/containerd/io.containerd.runtime.v2.task/moby -mindepth 1 -maxdepth 1 2>/dev/null | wc -l; }

# put_back FILE MODE CONTENT.: as it was; a file that was not there goes.
put_back() {
    if [ -n "$3" ]; then
        ! same "$1" "${3%.}" || return 0
        put "$1" "$2" "${3%.}"
    else
        [ -e "$1" ] || return 0
        rm -f "$1"
    fi
    back=yes
}

# give_up TEXT: the engine does not start any more; others may need the one that ran with what was there before.
give_up() {
    engine_log >&2
    if [ "$worked" = yes ]; then
        back=
        put_back "$OPTIONS_FILE" 0644 "$earlier"
        put_back /etc/docker/ca.pem 0644 "$earlier_ca"
        put_back /etc/docker/server-key.pem 0600 "$earlier_key"
        put_back /etc/docker/server.pem 0644 "$earlier_server"
        if [ -n "${DAEMON_JSON-}" ]; then
            keep /etc/docker/daemon.json.docker-machine.bak /etc/docker/daemon.json
            back=yes
        fi
        if [ -n "$back" ] && engine_restart; then echo 'Docker runs with its earlier configuration again.' >&2; fi
    fi
    [ -z "$1" ] || echo "$1" >&2
    exit 1
}

step 'error configuring docker'
worked=
if engine_active; then worked=yes; fi
earlier=$(content "$OPTIONS_FILE")
put_for_engine "$OPTIONS_FILE" 0644 "$OPTIONS"
engine_enable
if [ -e "$pending" ] || ! engine_active || ! listening; then
    step 'error starting docker'
    : >"$pending"
    if [ "$NEW_BRIDGE" = yes ] && have ip; then
        ip link delete docker0 2>/dev/null || :
    fi
    containers=$(running)
    engine_restart || give_up ''
    echo @restarted
    wait_listening ||
        give_up "Unable to verify the Docker daemon is listening: nothing listens on port $PORT of the host"
    rm -f "$pending"
    [ "$(running)" -ge "$containers" ] ||
        note "Restarting Docker stopped containers: $containers ran before, $(running) run now."
fi
