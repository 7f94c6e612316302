step 'error configuring docker'
put_for_engine "$OPTIONS_FILE" 0644 "$OPTIONS"
engine_enable
if [ -e "$pending" ] || ! engine_active || ! listening; then
    step 'error starting docker'
    : >"$pending"
    if [ "$NEW_BRIDGE" = yes ] && have ip; then
        ip link delete docker0 2>/dev/null || :
    fi
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
fi
