# What there is of an engine.
file() {
    [ -f "$2" ] || return 0
    printf '@file %s %s\n' "$1" "$2"
    sed 's/^/ /' "$2"
    echo
}
fact dockerd "$(command -v dockerd || :)"
docker=$(command -v docker || :)
fact docker "$docker"
if [ -n "$docker" ]; then
    fact docker-target "$(readlink -f "$docker" || :)"
    # podman-docker's command is a small script.
    if head -c 4096 "$docker" | grep -q podman; then fact podman-docker yes; fi
fi
if have dockerd; then fact engine-version "$(dockerd --version 2>/dev/null | head -n 1)"; fi
if [ -d /run/systemd/system ]; then
    unit=$(systemctl show -p FragmentPath docker.service | sed 's/^FragmentPath=//')
    [ -z "$unit" ] || file unit "$unit"
    [ "$(systemctl show -p LoadState docker.service)" != LoadState=masked ] || fact masked yes
    fact docker-pid "$(systemctl show -p MainPID docker.service | sed 's/^MainPID=//')"
elif [ -x /etc/init.d/docker ]; then
    fact init-script /etc/init.d/docker
fi
# A package may have brought these.
file openrc-conf /etc/conf.d/docker
file daemon.json /etc/docker/daemon.json
file held.json /etc/docker/daemon.json.docker-machine.held
