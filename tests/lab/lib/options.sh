# shellcheck shell=bash
# The options of `host REGION NAME up`, written down as small files in the host's state folder:
# addresses, users ("NAME KIND" lines), authorized-keys, ssh-port, image, layers, disk-size, without, no-wait,
# first-boot.

# host_options STATE REGION [OPTION]...
host_options() {
    local state=$1 region=$2 layers=base system=$LAB_SYSTEM
    local addresses=() keys=()
    shift 2
    echo 22 >"$state/ssh-port"
    : >"$state/users"
    while [ $# -gt 0 ]; do
        case $1 in
            --with-docker) layers=with-docker:base && shift && continue ;;
            --no-sudo-package) echo sudo >>"$state/without" && shift && continue ;;
            --no-wait) touch "$state/no-wait" && shift && continue ;;
        esac
        [ $# -ge 2 ] || die "the option \`$1\` is unknown or needs a value"
        case $1 in
            --ip) addresses+=("$2") ;;
            --user) option_user "$2" >>"$state/users" ;;
            --key) keys+=("$2") ;;
            --without) echo "$2" >>"$state/without" ;;
            --ssh-port) echo "$2" >"$state/ssh-port" ;;
            --system) system=$2 ;;
            --disk) echo "$2" >"$state/disk-size" ;;
            --first-boot) cat "$2" >"$state/first-boot" || die "cannot read the script" ;;
            *) die "unknown option \`$1\` of \`host REGION NAME up\`" ;;
        esac
        shift 2
    done
    [ -s "$state/users" ] || echo 'root sudo' >"$state/users"
    [ ${#keys[@]} -gt 0 ] || keys=("$LAB_STATE/$region/key.pub")
    cat "${keys[@]}" >"$state/authorized-keys" || die "cannot read the keys"
    echo "$layers" >"$state/layers"
    # Built when the first host wants it; the usual one is there since `setup`.
    image_build "$system"
    image_path "$system" >"$state/image"
    option_addresses "$state" "$region" "${addresses[@]}"
}

option_user() {
    local name=${1%%:*} kind=${1#*:}
    [ "$kind" != "$1" ] || kind=sudo
    [[ $name =~ ^[a-z_][a-z0-9_-]*$ ]] || die "\`$name\` is no user name"
    case $kind in
        sudo | sudo-password | nosudo) echo "$name $kind" ;;
        *) die "a user is NAME, NAME:sudo, NAME:sudo-password or NAME:nosudo, not \`$1\`" ;;
    esac
}

# option_addresses STATE REGION [ADDRESS]...: the caller holds the region's lock.
option_addresses() {
    local state=$1 region=$2 taken address last
    shift 2
    taken=$(cat "$LAB_STATE/$region/address" "$LAB_STATE/$region"/hosts/*/addresses 2>/dev/null || true)
    [ $# -gt 0 ] || for last in {10..254}; do
        address=$(sed 's/[0-9]*$//' "$LAB_STATE/$region/address")$last
        grep -qxF "$address" <<<"$taken" || { set -- "$address" && break; }
    done
    [ $# -gt 0 ] || die "the subnet of \`$region\` is full"
    for address; do
        [[ $address =~ ^([0-9]{1,3}\.){3}[0-9]{1,3}$ ]] || die "\`$address\` is no IPv4 address"
        ! grep -qxF "$address" <<<"$taken" || die "the address $address is taken"
    done
    printf '%s\n' "$@" >"$state/addresses"
}
