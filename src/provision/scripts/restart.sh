step 'error starting docker'
# Some packages restart it themselves.
if [ "$(engine_pid)" != "$OLD_PID" ] && engine_active && wait_listening; then
    rm -f "$pending"
    exit 0
fi
if ! engine_restart; then
    engine_log >&2
    exit 1
fi
if ! wait_listening; then
    engine_log >&2
    fail "Unable to verify the Docker daemon is listening: nothing listens on port $PORT of the host"
fi
rm -f "$pending"
