# shellcheck shell=bash
# The image that hosts start from: built once, kept in the cache, named after its recipe.
#   base/         Debian with systemd and sshd, and a package source for Docker in it
#   with-docker/  a layer above it in which Docker is installed
#   busybox.tar   for `docker import`
#   docker-cli/   the docker client, for this machine

LAB_IMAGE_PACKAGES=systemd,systemd-sysv,dbus,libpam-systemd,openssh-server,sudo,iproute2,iptables
LAB_IMAGE_PACKAGES+=,ca-certificates,curl,procps,netcat-openbsd,iputils-ping
LAB_DOCKER_PACKAGES=(docker.io)
LAB_PACKAGE_SOURCE=/opt/packages

setup() {
    packages_install
    image_build
    inotify_limit_raise
}

image_path() {
    local recipe
    recipe=$(cat "$LAB_DIR"/lib/{image,packages}.sh "$LAB_DIR"/files/image/* | sha256sum)
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

image_build_in() {
    local work=$1 base=$1/base
    # The log is shown only when something fails.
    exec 8>&2 >"$work/log" 2>&1
    packages_export_proxy
    say "building the image: installing Debian $LAB_SUITE (about a minute)" 2>&8
    debootstrap --variant=minbase --keyring="$LAB_KEYRING" --include="$LAB_IMAGE_PACKAGES" \
        "$LAB_SUITE" "$base" "$(packages_mirror)"
    say "building the image: downloading Docker" 2>&8
    packages_download "$base" "$base$LAB_PACKAGE_SOURCE" "${LAB_DOCKER_PACKAGES[@]}"
    image_configure "$base"
    say "building the image: installing Docker as a layer" 2>&8
    image_add_docker "$work"
    image_add_busybox "$work"
    image_add_docker_cli "$work"
    : >"$work/lock"
}

image_configure() {
    local base=$1 unit
    echo "deb [trusted=yes] file:$LAB_PACKAGE_SOURCE ./" >"$base/etc/apt/sources.list"
    rm -rf "$base"/var/lib/apt/lists/* "$base"/var/cache/apt/*.bin "$base"/var/cache/apt/archives/*.deb
    # Every host makes its own.
    rm -f "$base"/etc/ssh/ssh_host_*
    : >"$base/etc/machine-id"
    echo 'LANG=C.UTF-8' >"$base/etc/default/locale"

    install -m 755 "$LAB_DIR/files/image/writable-cgroups" "$base/usr/local/sbin/"
    install -m 644 "$LAB_DIR/files/image/writable-cgroups.service" "$base/etc/systemd/system/"
    chroot "$base" systemctl enable writable-cgroups.service
    # What only costs time at boot, or would wake up in the middle of a test.
    for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
        e2scrub_reap.service fstrim.timer systemd-tmpfiles-clean.timer systemd-pstore.service \
        console-getty.service getty.target systemd-update-utmp.service \
        systemd-update-utmp-runlevel.service systemd-journal-flush.service \
        systemd-journal-catalog-update.service systemd-network-generator.service \
        systemd-hwdb-update.service ldconfig.service systemd-update-done.service \
        systemd-sysusers.service systemd-firstboot.service systemd-binfmt.service \
        systemd-modules-load.service proc-sys-fs-binfmt_misc.automount sys-kernel-debug.mount \
        sys-kernel-tracing.mount sys-kernel-config.mount sys-fs-fuse-connections.mount \
        dev-hugepages.mount; do
        ln -sf /dev/null "$base/etc/systemd/system/$unit"
    done
}

image_add_docker() {
    local work=$1 root=$1/root
    mkdir "$root" "$work/overlay-work" "$work/with-docker"
    mount -t overlay overlay \
        -o "lowerdir=$work/base,upperdir=$work/with-docker,workdir=$work/overlay-work" "$root"
    # Nothing may be started while packages are installed in a chroot.
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod 755 "$root/usr/sbin/policy-rc.d"
    chroot "$root" apt-get update
    DEBIAN_FRONTEND=noninteractive chroot "$root" \
        apt-get install -y --no-install-recommends "${LAB_DOCKER_PACKAGES[@]}"
    chroot "$root" systemctl enable docker.service
    rm "$root/usr/sbin/policy-rc.d"
    umount "$root"
    rm -rf "$root" "$work/overlay-work"
}

image_add_busybox() {
    local root=$1/busybox applet
    mkdir -p "$root"/{bin,etc,proc,sys,dev,root} "$root/tmp"
    chmod 1777 "$root/tmp"
    cp "$(readlink -f "$(command -v busybox)")" "$root/bin/busybox"
    for applet in $("$root/bin/busybox" --list); do
        [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
    done
    echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
    echo 'root:x:0:' >"$root/etc/group"
    tar -C "$root" --sort=name -cf "$1/busybox.tar" .
    rm -r "$root"
}

image_add_docker_cli() {
    local work=$1
    mkdir "$work/docker-cli" "$work/extracted"
    dpkg-deb -x "$work/base$LAB_PACKAGE_SOURCE"/docker.io_*.deb "$work/extracted"
    cp "$work/extracted/usr/bin/docker" "$work/docker-cli/docker"
    rm -r "$work/extracted"
    "$work/docker-cli/docker" --version
}

# All hosts' services are the same user to the kernel, whose default allows only a dozen hosts.
inotify_limit_raise() {
    local limit=/proc/sys/fs/inotify/max_user_instances
    [ "$(<$limit)" -ge 4096 ] || echo 4096 >$limit
}
