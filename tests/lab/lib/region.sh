# shellcheck shell=bash
# Regions: their network, their web server, and the process that ends them with their owner.
# State in $LAB_STATE/REGION/: address, owner, keeper and httpd ("PID STARTTIME"), key, www/,
# access.log, hosts/HOST/ (see host.sh).

region_command() {
    local region=${1:?which region?} command=${2:-}
    check_name region "$region"
    [ $# -lt 2 ] || shift 2
    [ "$command" = up ] || [ "$command" = down ] || region_require "$region"
    case $command in
        up) region_up "$region" "$@" ;;
        down) region_down "$region" ;;
        exec) exec nsenter --net="/run/netns/$(region_namespace "$region")" -- "${@:?which command?}" ;;
        www | key) echo "$LAB_STATE/$region/$command" ;;
        access-log) echo "$LAB_STATE/$region/access.log" ;;
        address) cat "$LAB_STATE/$region/address" ;;
        *) die "unknown command \`region NAME $command\`; see \`lab help\`" ;;
    esac
}

region_require() {
    [ -d "$LAB_STATE/$1" ] || die "there is no region \`$1\`"
}

region_up() {
    local region=$1 subnet=10.90.0.0/24 owner=$PPID
    shift
    while [ $# -gt 0 ]; do
        case $1 in
            --subnet) subnet=${2:?--subnet needs a value} ;;
            --owner) owner=${2:?--owner needs a value} ;;
            *) die "unknown option \`$1\` of \`region NAME up\`" ;;
        esac
        shift 2
    done
    [[ $subnet =~ ^([0-9]+\.[0-9]+\.[0-9]+)\.0/24$ ]] || die "the subnet must look like 10.1.2.0/24"
    local address=${BASH_REMATCH[1]}.1
    local identity=none
    [ "$owner" = none ] || identity=$(process_identity "$owner") || die "there is no process $owner to own the region"
    image_require >/dev/null
    prune

    local state=$LAB_STATE/$region fresh
    # Complete before it gets its name: a region without an owner would look abandoned.
    mkdir -p "$LAB_STATE/.locks"
    fresh=$(mktemp -d "$LAB_STATE/.new.XXXXXX")
    chmod 755 "$fresh"
    mkdir "$fresh/hosts" "$fresh/www"
    echo "$address" >"$fresh/address"
    echo "$identity" >"$fresh/owner"
    ssh-keygen -q -t ed25519 -N '' -C "lab-$region" -f "$fresh/key"
    cp "$LAB_DIR/files/install-docker.sh" "$fresh/www/install.sh"
    cp "$LAB_DIR/files/fail.sh" "$fresh/www/fail.sh"
    region_offer_packages "$fresh/www/packages"
    mv -T --no-clobber "$fresh" "$state"
    [ ! -d "$fresh" ] || { rm -r "$fresh" && die "there is a region \`$region\` already"; }

    inotify_limit_raise
    network_make_region "$region" "$address"
    setsid "$LAB" __keep-region "$region" </dev/null >>"$state/access.log" 2>&1 &
    wait_until 60 region_serves "$region" || die "the web server of \`$region\` does not start"
}

# Each system's engine, as a package source for the others; it is there when that system's image is.
region_offer_packages() {
    local system
    mkdir "$1"
    for system in "${LAB_SYSTEMS[@]}"; do
        ln -s "$(image_path "$system")/base$LAB_PACKAGE_SOURCE" "$1/$system"
    done
}

region_serves() {
    in_namespace "$(region_namespace "$1")" \
        bash -c "exec 3<>/dev/tcp/$(<"$LAB_STATE/$1/address")/80" 2>/dev/null
}

# Runs in the background as long as the region exists.
region_keep() {
    local region=$1 state=$LAB_STATE/$1 owner
    process_identity $$ >"$state/keeper"
    nsenter --net="/run/netns/$(region_namespace "$region")" -- setpriv --pdeathsig KILL \
        busybox httpd -f -vv -p "$(<"$state/address"):80" -h "$state/www" &
    process_identity $! >"$state/httpd"
    read -r owner _ <"$state/owner"
    if [ "$owner" = none ]; then
        wait
    else
        tail -s 0.3 -f /dev/null --pid="$owner"
        exec "$LAB" region "$region" down
    fi
}

region_down() {
    local region=$1 state=$LAB_STATE/$1 hosts=() host
    mkdir -p "$LAB_STATE/.locks"
    (
        flock 9
        [ -d "$state" ] || exit 0
        # The keeper ends regions too, and must not end itself before it is done.
        [ "$(process_identity $$)" = "$(cat "$state/keeper" 2>/dev/null)" ] || process_signal KILL "$state/keeper"
        process_signal KILL "$state/httpd"
        for host in "$state"/hosts/*; do
            [ ! -d "$host" ] || hosts+=("${host##*/}")
        done
        for host in "${hosts[@]}"; do
            host_down "$region" "$host" &
        done
        wait
        namespace_remove "$(region_namespace "$region")"
        rm -rf --one-file-system "$state"
    ) 9>"$LAB_STATE/.locks/$region"
}

region_names() {
    local state
    for state in "$LAB_STATE"/*; do
        [ ! -f "$state/owner" ] || printf '%s\n' "${state##*/}"
    done
}

region_abandoned() {
    [ "$(cat "$LAB_STATE/$1/owner")" != none ] && process_ended "$LAB_STATE/$1/owner"
}

prune() {
    local region disk
    for region in $(region_names); do
        ! region_abandoned "$region" || region_down "$region"
    done
    # After a restart of this machine the state is gone, but the disks are not. An owner that is not written yet is none.
    for disk in "$LAB_CACHE"/disks/*; do
        [ ! -s "$disk/belongs-to" ] || [ -d "$(<"$disk/belongs-to")" ] || rm -rf --one-file-system "$disk"
    done
}

list_regions() {
    local region
    for region in $(region_names); do
        list_region "$region"
    done
}

list_region() {
    local state=$LAB_STATE/$1 host
    printf '%s\t%s\towner %s\n' "$1" "$(<"$state/address")" "$(cut -d ' ' -f 1 "$state/owner")"
    for host in "$state"/hosts/*; do
        [ ! -d "$host" ] || printf '  %s\t%s\t%s\n' "${host##*/}" \
            "$(paste -sd ' ' "$host/addresses")" "$(host_status "$1" "${host##*/}")"
    done
}
