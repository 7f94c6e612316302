# Not when options change, too, as they may concern the containers; not in a swarm, where it is forbidden.
# It listens long before it has started its containers: an active unit has.
if [ -e "$pending" ] && same "$OPTIONS_FILE" "$OPTIONS" && have docker && timeout 60 systemctl start docker.service &&
    [ "$(docker info -f '{{.Swarm.LocalNodeState}}' 2>/dev/null)" = inactive ]; then
    if [ -e $json ]; then keep $json $held; else draft $held 0600 '' && settle $held; fi
    trap release_containers EXIT
    # A lost connection is an end like any other: not every shell thinks so by itself.
    trap 'exit 1' HUP INT PIPE TERM
    switch_live_restore true "$LIVE_RESTORE_ON" || :
fi
