step 'error starting docker'
if ! engine_restart; then
    engine_log >&2
    exit 1
fi
if ! wait_listening; then
    engine_log >&2
    fail "Unable to verify the Docker daemon is listening: nothing listens on port $PORT of the host"
fi
rm -f "$pending"
