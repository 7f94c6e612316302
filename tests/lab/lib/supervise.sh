# shellcheck shell=bash
# A host's power supply: one background process per running host, which boots it, boots it again
# when it reboots, and tidies up when it is off. If it dies, the host dies with it.

supervise() {
    local region=$1 host=$2 state=$LAB_STATE/$1/hosts/$2 status
    process_identity $$ >"$state/supervisor"
    # Remains, in case an earlier supervisor was killed.
    host_unplug "$region" "$host"
    # Setup must not remove this image while it is in use.
    touch "$(<"$state/image")/lock"
    exec 7<"$(<"$state/image")/lock"
    flock --shared 7
    while :; do
        mapfile -t addresses <"$state/addresses"
        network_attach "$region" "$host" "${addresses[@]}"
        # In a mount namespace of its own: whatever ends the host also ends its mounts.
        (
            cgroup_join "$(host_namespace "$region" "$host")"
            exec setpriv --pdeathsig KILL unshare --mount --propagation slave \
                "$LAB" __boot "$region" "$host"
        ) &
        process_identity $! >"$state/nspawn" || true
        status=0
        wait $! || status=$?
        # systemd-nspawn's way to say that the host wants to be started again.
        [ "$status" = 133 ] || break
    done
    rm -f "$state/nspawn"
    host_unplug "$region" "$host"
}

# Becomes the host.
boot() {
    local region=$1 host=$2 state=$LAB_STATE/$1/hosts/$2 disk root cgroups=()
    disk=$(<"$state/disk")
    root=$disk/root
    # A systemd that starts on cgroup v2 only gets just that where this machine has both.
    [ ! -e "$(<"$state/image")/cgroup-v2" ] || cgroups=(SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1)
    disk_mount "$state" "$disk"
    [ -e "$disk/prepared" ] || host_prepare "$state" "$root" "$host"
    touch "$disk/prepared"
    # VFS_WRITABLE: dockerd sets kernel parameters. TMPFS_TMP: the system decides where /tmp is.
    # The containers' own file system must not be an overlay on an overlay, hence the binds.
    exec env -i PATH="$PATH" "${cgroups[@]}" \
        SYSTEMD_NSPAWN_API_VFS_WRITABLE=yes SYSTEMD_NSPAWN_TMPFS_TMP=0 \
        systemd-nspawn --quiet --directory="$root" --boot --register=no --keep-unit \
        --machine="$region.$host" --hostname="$host" --console=read-only \
        --network-namespace-path="/run/netns/$(host_namespace "$region" "$host")" \
        --capability=all --system-call-filter='@keyring bpf' \
        --resolv-conf=off --timezone=off --link-journal=no \
        --bind=/dev/fuse --bind="$disk/data/docker:/var/lib/docker" \
        --bind="$disk/data/containerd:/var/lib/containerd"
}

# disk_make STATE OWNER
# OWNER is a folder that is there already: disks whose owner is gone are removed at any moment.
disk_make() {
    local disk
    mkdir -p "$LAB_CACHE/disks"
    disk=$(mktemp -d "$LAB_CACHE/disks/XXXXXXXX")
    chmod 755 "$disk"
    echo "$disk" >"$1/disk"
    echo "$2" >"$disk/belongs-to"
    mkdir "$disk/root" "$disk/data"
    [ ! -e "$1/disk-size" ] || {
        truncate -s "$(<"$1/disk-size")" "$disk/image"
        mkfs.ext4 -q -m 0 -E nodiscard "$disk/image"
    }
}

disk_mount() {
    local state=$1 disk=$2 image layers
    [ ! -e "$disk/image" ] || mount -o loop "$disk/image" "$disk/data"
    mkdir -p "$disk"/data/{upper,work,docker,containerd}
    image=$(<"$state/image")
    layers=$(sed "s,[^:]*,$image/&,g" "$state/layers")
    mount -t overlay overlay \
        -o "lowerdir=$layers,upperdir=$disk/data/upper,workdir=$disk/data/work" "$disk/root"
}

# What makes one host different from the next. It happens once, before the first boot.
host_prepare() {
    local state=$1 root=$2 host=$3 user kind
    # A short RSA key: it is hardly ever used, but one of the usual size takes half of the whole start.
    {
        ssh-keygen -q -t rsa -b 2048 -N '' -C "root@$host" -f "$root/etc/ssh/ssh_host_rsa_key"
        ssh-keygen -q -A -f "$root" >/dev/null
    } &
    echo "$host" >"$root/etc/hostname"
    printf '127.0.0.1\tlocalhost\n127.0.1.1\t%s\n' "$host" >"$root/etc/hosts"
    [ "$(<"$state/ssh-port")" = 22 ] || echo "Port $(<"$state/ssh-port")" >"$root/etc/ssh/sshd_config.d/port.conf"
    # shellcheck disable=SC2046  # one word per package
    [ ! -e "$state/without" ] ||
        SUDO_FORCE_REMOVE=yes chroot "$root" dpkg --purge $(<"$state/without") >/dev/null 2>&1
    while read -r user kind; do
        user_prepare "$state" "$root" "$user" "$kind"
    done <"$state/users"
    [ ! -e "$state/first-boot" ] || chroot "$root" bash -e <"$state/first-boot"
    wait
}

user_prepare() {
    local state=$1 root=$2 user=$3 kind=$4 home=/root
    if [ "$user" != root ]; then
        home=/home/$user
        chroot "$root" useradd --create-home --shell /bin/bash "$user"
        case $kind in
            sudo)
                mkdir -p "$root/etc/sudoers.d"
                echo "$user ALL=(ALL:ALL) NOPASSWD: ALL" >"$root/etc/sudoers.d/90-$user"
                ;;
            sudo-password)
                chroot "$root" usermod --append --groups sudo "$user"
                echo "$user:lab" | chroot "$root" chpasswd
                ;;
        esac
    fi
    install -d -m 700 "$root$home/.ssh"
    install -m 600 "$state/authorized-keys" "$root$home/.ssh/authorized_keys"
    chroot "$root" chown -R "$user:" "$home/.ssh"
}
