# shellcheck shell=bash
# What this machine itself needs, and where Debian packages come from.

LAB_PACKAGES=(
    debootstrap debian-archive-keyring dpkg-dev    # build the image
    systemd-container iproute2 util-linux          # run hosts
    e2fsprogs procps                               # small disks, finding processes
    openssh-client busybox-static                  # keys, the web server and the container image
)

packages_install() {
    local missing=() package
    for package in "${LAB_PACKAGES[@]}"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
            missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing ${missing[*]}"
    # The lists may be missing or stale; they are fetched only when it does not work without.
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null 2>&1 ||
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
            apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null; }
}

# The Debian mirror that this machine uses, so that setup works wherever its apt works.
packages_mirror() {
    local mirror=${DOCKER_MACHINE_LAB_MIRROR:-}
    [ -n "$mirror" ] || mirror=$(packages_find_mirror)
    # Apt knows whose mirror it is only when it has the lists.
    [ -n "$mirror" ] || [ -n "$(find /var/lib/apt/lists -name '*Release' -print -quit)" ] ||
        { apt-get update -qq >&2 && mirror=$(packages_find_mirror); }
    printf '%s\n' "${mirror:-http://deb.debian.org/debian}"
}

packages_find_mirror() {
    # shellcheck disable=SC2016  # apt replaces these, not the shell
    apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' |
        sed -n 's/^Debian|Debian|\(https\?:.*\)/\1/p' | sort -u | head -n 1
}

# debootstrap downloads with wget, which does not know apt's configured proxy.
packages_export_proxy() {
    local http='' https=''
    eval "$(apt-config shell http Acquire::http::Proxy https Acquire::https::Proxy)"
    [ -z "$http" ] || [ "$http" = DIRECT ] || export http_proxy="${http_proxy:-$http}"
    [ -z "$https" ] || [ "$https" = DIRECT ] || export https_proxy="${https_proxy:-$https}"
}
