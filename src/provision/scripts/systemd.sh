engine_active() { systemctl is-active -q docker.service; }
engine_failed() { systemctl is-failed -q docker.service; }
engine_enable() { systemctl is-enabled -q docker.service 2>/dev/null || systemctl enable docker.service >/dev/null 2>&1; }
engine_restart() {
    # The unit is loaded before anything stops: docker.socket would start the old one again.
    systemctl daemon-reload
    systemctl reset-failed docker.service docker.socket 2>/dev/null || :
    systemctl restart docker.service 2>/dev/null
}
engine_log() { journalctl -u docker.service -n 30 --no-pager -o cat 2>/dev/null || :; }
