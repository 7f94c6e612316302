step 'error waiting for docker'
if ! wait_listening; then
    engine_log >&2
    fail "Unable to verify the Docker daemon is listening: nothing listens on port $PORT of the host"
fi
