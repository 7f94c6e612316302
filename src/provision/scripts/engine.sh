# One folder per running container.
running() { find /run/containerd/io.containerd.runtime.v2.task/moby -mindepth 1 -maxdepth 1 2>/dev/null | wc -l; }
step 'error configuring docker'
put_for_engine "$OPTIONS_FILE" 0644 "$OPTIONS"
engine_enable
if [ -e "$pending" ] || ! engine_active || ! listening; then
    step 'error starting docker'
    : >"$pending"
    if [ "$NEW_BRIDGE" = yes ] && have ip; then
        ip link delete docker0 2>/dev/null || :
    fi
    containers=$(running)
    if ! engine_restart; then
        engine_log >&2
        exit 1
    fi
    echo @restarted
    if ! wait_listening; then
        engine_log >&2
        fail "Unable to verify the Docker daemon is listening: nothing listens on port $PORT of the host"
    fi
    rm -f "$pending"
    [ "$(running)" -ge "$containers" ] ||
        note "Restarting Docker stopped containers: $containers ran before, $(running) run now."
fi
