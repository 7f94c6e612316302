engine_active() { rc-service -q docker status >/dev/null 2>&1; }
engine_failed() { ! engine_active; }
engine_pid() { cat /run/docker.pid 2>/dev/null || :; }
engine_enable() { rc-update show default | grep -qw docker || rc-update -q add docker default; }
engine_restart() { rc-service -q docker restart >/dev/null 2>&1; }
engine_log() { tail -n 30 /var/log/docker.log 2>/dev/null || :; }
