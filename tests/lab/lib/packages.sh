# shellcheck shell=bash
# What this machine itself needs, and where Debian packages come from.

LAB_SUITE=bookworm
LAB_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
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
    # shellcheck disable=SC2016  # apt replaces these, not the shell
    [ -n "$mirror" ] ||
        mirror=$(apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 2>/dev/null |
            sed -n 's/^Debian|Debian|//p' | grep -E '^https?:' | sort -u | head -n 1 || true)
    printf '%s\n' "${mirror:-http://deb.debian.org/debian}"
}

# debootstrap downloads with wget, which does not know apt's configured proxy.
packages_export_proxy() {
    local http='' https=''
    eval "$(apt-config shell http Acquire::http::Proxy https Acquire::https::Proxy)"
    [ -z "$http" ] || [ "$http" = DIRECT ] || export http_proxy="${http_proxy:-$http}"
    [ -z "$https" ] || [ "$https" = DIRECT ] || export https_proxy="${https_proxy:-$https}"
}

# packages_download ROOT FOLDER PACKAGE...: what ROOT still needs for the packages, with an index,
# so that FOLDER can be a package source. This machine's own apt does it: its proxy and
# certificates apply, and the image needs no network configuration that would have to be removed.
packages_download() {
    local root=$1 folder=$2 work
    shift 2
    work=$(mktemp -d)
    mkdir -p "$work/lists/partial" "$work/archives/partial" "$folder"
    echo "deb [signed-by=$LAB_KEYRING] $(packages_mirror) $LAB_SUITE main" >"$work/sources.list"
    local apt=(apt-get -qq
        -o "Dir::State::lists=$work/lists" -o "Dir::State::status=$root/var/lib/dpkg/status"
        -o "Dir::Cache::archives=$work/archives" -o "Dir::Cache::pkgcache=" -o "Dir::Cache::srcpkgcache="
        -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=/dev/null
        -o APT::Sandbox::User=root)
    "${apt[@]}" update
    "${apt[@]}" install -y --download-only --no-install-recommends "$@" >/dev/null
    mv "$work"/archives/*.deb "$folder"
    (cd "$folder" && dpkg-scanpackages . 2>/dev/null >Packages)
    rm -r "$work"
}
