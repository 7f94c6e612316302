step 'error waiting for the clock'
# Worth a wait only where something sets it.
if have timedatectl && [ "$(timedatectl show -p NTP 2>/dev/null)" = NTP=yes ]; then
    seconds=0
    while [ "$(timedatectl show -p NTPSynchronized)" != NTPSynchronized=yes ] && [ $seconds -lt 60 ]; do
        sleep 1
        seconds=$((seconds + 1))
    done
fi
