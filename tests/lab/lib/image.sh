# shellcheck shell=bash
# The images that hosts start from, one for each system: built once, kept in the cache, named after their recipe.
#   base/         Debian with systemd and sshd, and a package source for Docker in it
#   with-docker/  a layer above it in which Docker is installed
#   busybox.tar   for `docker import`
#   docker-cli/   the docker client, for this machine
#   cgroup-v2     there if the system wants it

# Stable Debian, the one before, and the one that becomes the next, which has the newest engine.
LAB_SYSTEMS=(trixie bookworm sid)
LAB_SYSTEM=${DOCKER_MACHINE_LAB_SYSTEM:-trixie}

# setup [SYSTEM]...
setup() {
    local system
    packages_install
    [ $# -gt 0 ] || set -- "$LAB_SYSTEM"
    for system; do
        image_build "$system"
    done
    inotify_limit_raise
}

check_system() {
    [[ " ${LAB_SYSTEMS[*]} " == *" $1 "* ]] || die "there is no system \`$1\`: ${LAB_SYSTEMS[*]}"
}

# image_path SYSTEM
image_path() {
    local recipe
    recipe=$(cat "$LAB_DIR/lib/recipe.sh" "$LAB_DIR"/files/image/* | sha256sum)
    printf '%s/image-%s-%s\n' "$LAB_CACHE" "$1" "${recipe:0:12}"
}

image_require() {
    local image
    check_system "$LAB_SYSTEM"
    image=$(image_path "$LAB_SYSTEM")
    [ -e "$image" ] || die "the image is not built yet; run \`lab setup\`"
    printf '%s\n' "$image"
}

print_path() {
    case ${1:-} in
        busybox-image) echo "$(image_require)/busybox.tar" ;;
        docker-cli) echo "$(image_require)/docker-cli/docker" ;;
        cache) echo "$LAB_CACHE" ;;
        state) echo "$LAB_STATE" ;;
        *) die "path of what? busybox-image, docker-cli, cache or state" ;;
    esac
}

# image_build SYSTEM
image_build() {
    local system=$1 image
    check_system "$system"
    image=$(image_path "$system")
    [ ! -e "$image" ] || return 0
    mkdir -p "$LAB_CACHE"
    [ "$(stat -f -c %T "$LAB_CACHE")" != overlayfs ] ||
        die "$LAB_CACHE is on overlayfs, which cannot hold hosts; set DOCKER_MACHINE_LAB_CACHE to a folder on a real disk"
    (
        flock 9
        # Someone else may have built it while this process waited.
        [ ! -e "$image" ] || exit 0
        rm -rf --one-file-system "$LAB_CACHE/new-$system".*
        local work
        work=$(mktemp -d "$LAB_CACHE/new-$system.XXXXXX")
        # In a mount namespace of its own, so that no mount can be left behind.
        unshare --mount --propagation private "$LAB" __build-image "$system" "$work" ||
            die "building the image of $system failed; see $work/log"
        chmod 755 "$work"
        mv "$work" "$image"
        image_remove_old
        say "the image of $system is ready: $image"
    ) 9>"$LAB_CACHE/lock-$system"
}

# Those of older recipes that nobody has used for days: another checkout may have another recipe. Hosts hold a shared
# lock on the image that they run from, and its time is that of the last one's start.
image_remove_old() {
    local old system keep=()
    for system in "${LAB_SYSTEMS[@]}"; do
        keep+=("$(image_path "$system")")
    done
    while read -r old; do
        [[ " ${keep[*]} " == *" ${old%/lock} "* ]] ||
            flock --nonblock "$old" rm -rf --one-file-system "${old%/lock}" || true
    done < <(find "$LAB_CACHE"/image-*/lock -mtime +2)
}

# All hosts' services are the same user to the kernel, whose default allows only a dozen hosts.
inotify_limit_raise() {
    local limit=/proc/sys/fs/inotify/max_user_instances
    [ "$(<$limit)" -ge 4096 ] || echo 4096 >$limit
}
