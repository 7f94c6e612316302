# Containers outlive a restart of the engine while `live-restore` is on, and that can be switched without a restart.
json=/etc/docker/daemon.json
# The file as it was, there while the switch is on: empty if there was none.
held=$json.docker-machine.held
switch_live_restore() {
    draft $json "$(stat -L -c %a $json 2>/dev/null || echo 644)" "$2"
    settle $json
    systemctl reload docker.service || return 1
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        [ "$(docker info -f '{{.LiveRestoreEnabled}}' 2>/dev/null)" != "$1" ] || return 0
        sleep 0.2
    done
    return 1
}
release_containers() {
    [ -e $held ] || return 0
    switch_live_restore false "$LIVE_RESTORE_OFF" || :
    if [ -s $held ]; then keep $held $json; else rm -f $json; fi
    rm -f $held
    durable /etc/docker
}
