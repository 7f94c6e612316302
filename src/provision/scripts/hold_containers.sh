# Containers outlive a restart of the engine while `live-restore` is on, and that can be switched without a restart. Not
# when options change, too, as they may concern the containers; not in a swarm, where it is forbidden.
json=/etc/docker/daemon.json
held=$json.docker-machine.held
switch_live_restore() {
    printf '%s' "$2" >$json
    systemctl reload docker.service || return 1
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        [ "$(docker info -f '{{.LiveRestoreEnabled}}' 2>/dev/null)" != "$1" ] || return 0
        sleep 0.2
    done
    return 1
}
release_containers() {
    switch_live_restore false "$LIVE_RESTORE_OFF" || :
    if [ -e $held ]; then mv -f $held $json; else rm -f $json; fi
}
# It listens long before it has started its containers: an active unit has.
if [ -e "$pending" ] && same "$OPTIONS_FILE" "$OPTIONS" && have docker && timeout 60 systemctl start docker.service &&
    [ "$(docker info -f '{{.Swarm.LocalNodeState}}' 2>/dev/null)" = inactive ]; then
    [ ! -e $json ] || cp -p $json $held
    trap release_containers EXIT
    switch_live_restore true "$LIVE_RESTORE_ON" || :
fi
