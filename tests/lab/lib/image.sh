# shellcheck shell=bash
# The image that hosts start from: built once, kept in the cache, named after its recipe.
#   base/         Debian with systemd and sshd, and a package source for Docker in it
#   with-docker/  a layer above it in which Docker is installed
#   busybox.tar   for `docker import`
#   docker-cli/   the docker client, for this machine

setup() {
    packages_install
    image_build
    inotify_limit_raise
}

image_path() {
    local recipe
    recipe=$(cat "$LAB_DIR/lib/recipe.sh" "$LAB_DIR"/files/image/* | sha256sum)
    printf '%s/image-%s\n' "$LAB_CACHE" "${recipe:0:12}"
}

image_require() {
    local image
    image=$(image_path)
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

image_build() {
    local image
    image=$(image_path)
    [ ! -e "$image" ] || return 0
    mkdir -p "$LAB_CACHE"
    [ "$(stat -f -c %T "$LAB_CACHE")" != overlayfs ] ||
        die "$LAB_CACHE is on overlayfs, which cannot hold hosts; set DOCKER_MACHINE_LAB_CACHE to a folder on a real disk"
    (
        flock 9
        # Someone else may have built it while this process waited.
        [ ! -e "$image" ] || exit 0
        rm -rf --one-file-system "$LAB_CACHE"/build.*
        local work
        work=$(mktemp -d "$LAB_CACHE/build.XXXXXX")
        # In a mount namespace of its own, so that no mount can be left behind.
        unshare --mount --propagation private "$LAB" __build-image "$work" ||
            die "building the image failed; see $work/log"
        chmod 755 "$work"
        mv "$work" "$image"
        image_remove_old "$image"
        say "the image is ready: $image"
    ) 9>"$LAB_CACHE/lock"
}

# Hosts hold a shared lock on the image that they run from.
image_remove_old() {
    local old
    for old in "$LAB_CACHE"/image-*; do
        [ "$old" = "$1" ] || flock --nonblock "$old/lock" rm -rf --one-file-system "$old" || true
    done
}

# All hosts' services are the same user to the kernel, whose default allows only a dozen hosts.
inotify_limit_raise() {
    local limit=/proc/sys/fs/inotify/max_user_instances
    [ "$(<$limit)" -ge 4096 ] || echo 4096 >$limit
}
