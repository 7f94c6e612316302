# The kernel's own list of listening sockets: no tool needed. State 0A is LISTEN.
listening() {
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -qiE "^ *[0-9]+: [0-9A-F]+:$PORT_HEX [0-9A-F]+:0000 0A "
}

wait_listening() {
    looks=0
    until listening; do
        looks=$((looks + 1))
        [ $looks -lt 300 ] || return 1
        if [ $((looks % 10)) = 0 ] && engine_failed; then return 1; fi
        sleep 0.1 2>/dev/null || sleep 1
    done
}
