# shellcheck shell=bash
# How an image is made, one for each system. Its name in the cache has a hash of this file and files/image/,
# so a change here makes everyone build it anew (image.sh has what does not change the image).

LAB_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
LAB_IMAGE_PACKAGES=systemd,systemd-sysv,dbus,libpam-systemd,openssh-server,sudo,iproute2,iptables
LAB_IMAGE_PACKAGES+=,ca-certificates,curl,procps,netcat-openbsd,iputils-ping
# Everybody has an engine; since Debian 13 the client is a package of its own.
recipe_docker_packages() {
    case $1 in
        bookworm) echo docker.io ;;
        *) echo docker.io docker-cli ;;
    esac
}
# Installed, but `--without` takes them away, and then they can be installed again.
LAB_REMOVABLE_PACKAGES=(sudo curl)
# What this system's Docker wants on other systems, which may not have it.
LAB_DOCKER_NEEDS=(adduser)
LAB_PACKAGE_SOURCE=/opt/packages

image_build_in() {
    local system=$1 work=$2 base=$2/base docker
    # The log is shown only when something fails.
    exec 8>&2 >"$work/log" 2>&1
    packages_export_proxy
    read -r -a docker < <(recipe_docker_packages "$system")
    say "building the image of $system: installing Debian (about a minute)" 2>&8
    image_skip_sync "$base"
    debootstrap --variant=minbase --keyring="$LAB_KEYRING" --include="$LAB_IMAGE_PACKAGES" \
        "$system" "$base" "$(packages_mirror)"
    say "building the image of $system: downloading Docker" 2>&8
    image_download "$system" "$base" "$base$LAB_PACKAGE_SOURCE" \
        "${docker[@]}" "${LAB_DOCKER_NEEDS[@]}" "${LAB_REMOVABLE_PACKAGES[@]}"
    image_configure "$base"
    say "building the image of $system: installing Docker as a layer" 2>&8
    image_add_docker "$work" "${docker[@]}"
    image_add_busybox "$work"
    image_add_docker_cli "$work"
    # Since version 258 systemd starts on nothing else.
    [ "$system" != sid ] || : >"$work/cgroup-v2"
    : >"$work/lock"
}

# The image is finished or thrown away: nothing of it has to be on the disk sooner. It makes installations in hosts
# faster, too.
image_skip_sync() {
    mkdir -p "$1/etc/dpkg/dpkg.cfg.d"
    echo force-unsafe-io >"$1/etc/dpkg/dpkg.cfg.d/unsafe-io"
}

# image_download SYSTEM ROOT FOLDER PACKAGE...: what ROOT still needs for the packages, with an index,
# so that FOLDER can be a package source. This machine's own apt does it: its proxy and
# certificates apply, and the image needs no network configuration that would have to be removed.
image_download() {
    local system=$1 root=$2 folder=$3 work package
    shift 3
    work=$(mktemp -d)
    mkdir -p "$work/lists/partial" "$work/archives/partial" "$folder"
    echo "deb [signed-by=$LAB_KEYRING] $(packages_mirror) $system main" >"$work/sources.list"
    local apt=(apt-get -qq
        -o "Dir::State::lists=$work/lists" -o "Dir::State::status=$root/var/lib/dpkg/status"
        -o "Dir::Cache::archives=$work/archives" -o "Dir::Cache::pkgcache=" -o "Dir::Cache::srcpkgcache="
        -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=/dev/null
        -o APT::Sandbox::User=root)
    "${apt[@]}" update
    "${apt[@]}" install -y --download-only --reinstall --no-install-recommends "$@" >/dev/null
    for package in "$work"/archives/*.deb; do
        image_uncompress "$package" "$folder"
    done
    (cd "$folder" && dpkg-scanpackages --hash sha256 . 2>/dev/null >Packages)
    rm -r "$work"
}

# image_uncompress PACKAGE FOLDER: the same package, which is installed dozens of times, in half the time.
image_uncompress() {
    local files
    files=$(mktemp -d)
    dpkg-deb -R "$1" "$files"
    dpkg-deb -Znone -b "$files" "$2/${1##*/}"
    rm -r "$files"
}

image_configure() {
    local base=$1 unit
    echo "deb [trusted=yes] file:$LAB_PACKAGE_SOURCE ./" >"$base/etc/apt/sources.list"
    rm -rf "$base"/var/lib/apt/lists/* "$base"/var/cache/apt/*.bin "$base"/var/cache/apt/archives/*.deb
    # Every host makes its own.
    rm -f "$base"/etc/ssh/ssh_host_*
    : >"$base/etc/machine-id"
    # debootstrap leaves this machine's; hosts have no name server.
    : >"$base/etc/resolv.conf"
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
    shift
    mkdir "$root" "$work/overlay-work" "$work/with-docker"
    mount -t overlay overlay \
        -o "lowerdir=$work/base,upperdir=$work/with-docker,workdir=$work/overlay-work" "$root"
    # Nothing may be started while packages are installed in a chroot.
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod 755 "$root/usr/sbin/policy-rc.d"
    chroot "$root" apt-get update
    DEBIAN_FRONTEND=noninteractive chroot "$root" \
        apt-get install -y --no-install-recommends "$@"
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
    local work=$1 package
    mkdir "$work/docker-cli" "$work/extracted"
    for package in "$work/base$LAB_PACKAGE_SOURCE"/docker{.io,-cli}_*.deb; do
        [ ! -e "$package" ] || dpkg-deb -x "$package" "$work/extracted"
    done
    cp "$work/extracted/usr/bin/docker" "$work/docker-cli/docker"
    rm -r "$work/extracted"
    "$work/docker-cli/docker" --version
}
