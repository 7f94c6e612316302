step 'error changing daemon.json'
keep /etc/docker/daemon.json /etc/docker/daemon.json.docker-machine.bak
put_for_engine /etc/docker/daemon.json "$(stat -c %a /etc/docker/daemon.json)" "$DAEMON_JSON"
