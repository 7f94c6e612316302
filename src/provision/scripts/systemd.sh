engine_active() { systemctl is-active -q docker.service; }
engine_failed() { systemctl is-failed -q docker.service; }
engine_pid() { systemctl show -p MainPID docker.service | sed 's/^MainPID=//'; }
engine_enable() { systemctl is-enabled -q docker.service 2>/dev/null || systemctl enable docker.service; }
engine_restart() {
    # The unit is loaded before anything stops: docker.socket would start the old one again.
    systemctl daemon-reload
    systemctl reset-failed docker.service docker.socket 2>/dev/null || :
    # The packaged unit lets a start take for ever.
    timeout 300 systemctl restart docker.service 2>/dev/null
}
# What this start said, without the connection states that older versions are full of.
engine_log() {
    invocation=$(systemctl show -p InvocationID docker.service | sed 's/^InvocationID=//')
    said=$(journalctl -q --no-pager -o cat "_SYSTEMD_INVOCATION_ID=$invocation" + "INVOCATION_ID=$invocation" 2>/dev/null |
        grep -vE 'level=debug|\[core\]' | tail -n 30)
    if [ -n "$said" ]; then printf '%s\n' "$said"; else systemctl status docker.service --no-pager -n 30 2>&1 || :; fi
}
