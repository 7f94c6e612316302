# One folder per running container.
running() { find /run/containerd/io.containerd.runtime.v2.task/moby -mindepth 1 -maxdepth 1 2>/dev/null | wc -l; }

# give_up TEXT: the engine does not start with the new options; others may need the one that ran with the old ones.
give_up() {
    engine_log >&2
    if [ "$worked" = yes ] && ! same "$OPTIONS_FILE" "${earlier%.}"; then
        if [ -n "$earlier" ]; then put "$OPTIONS_FILE" 0644 "${earlier%.}"; else rm -f "$OPTIONS_FILE"; fi
        [ -z "${DAEMON_JSON-}" ] || cp -p /etc/docker/daemon.json.docker-machine.bak /etc/docker/daemon.json
        if engine_restart; then echo 'Docker runs with its earlier options again.' >&2; fi
    fi
    [ -z "$1" ] || echo "$1" >&2
    exit 1
}

step 'error configuring docker'
worked=
if engine_active; then worked=yes; fi
earlier=
if [ -f "$OPTIONS_FILE" ]; then earlier=$(cat "$OPTIONS_FILE" && echo .); fi
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
