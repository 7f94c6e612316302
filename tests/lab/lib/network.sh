# shellcheck shell=bash
# A region is a network namespace with a bridge and no way out; a host is another namespace, whose
# only cable ends at that bridge. Subnets of different regions may therefore be the same.

region_namespace() {
    printf '%s.%s\n' "$LAB_TAG" "$1"
}

host_namespace() {
    printf '%s.%s.%s\n' "$LAB_TAG" "$1" "$2"
}

# in_namespace NAMESPACE CMD...: not `ip netns exec`, which would also mount another /sys.
in_namespace() {
    nsenter --net="/run/netns/$1" -- "${@:2}"
}

namespace_remove() {
    ip netns delete "$1" 2>/dev/null || true
}

# network_make_region REGION ADDRESS
network_make_region() {
    local namespace
    namespace=$(region_namespace "$1")
    namespace_remove "$namespace"
    ip netns add "$namespace"
    ip -netns "$namespace" -batch - <<BATCH
link set lo up
link add br0 type bridge
address add $2/24 dev br0
link set br0 up
BATCH
    # Hosts with addresses outside the subnet reach the others through the region.
    # shellcheck disable=SC2016  # expanded by the inner shell
    in_namespace "$namespace" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
        for setting in all default br0; do echo 0 >/proc/sys/net/ipv4/conf/$setting/send_redirects; done'
}

# network_attach REGION HOST ADDRESS...: a fresh namespace, as a reboot starts with an empty network.
network_attach() {
    local region=$1 host=$2 inside outside cable gateway ip
    shift 2
    outside=$(region_namespace "$region")
    inside=$(host_namespace "$region" "$host")
    cable=$(network_cable "$host")
    gateway=$(<"$LAB_STATE/$region/address")
    network_detach "$region" "$host"
    ip netns add "$inside"
    ip link add "$cable" netns "$outside" type veth peer name host0 address "$(network_mac "$1")" netns "$inside"
    ip -netns "$outside" link set "$cable" master br0 up
    {
        echo "link set lo up"
        echo "link set host0 up"
        for ip; do
            if [ "${ip%.*}" = "${gateway%.*}" ]; then
                echo "address add $ip/24 dev host0"
            else
                echo "address add $ip/32 dev host0"
            fi
        done
        echo "route replace $gateway dev host0 src $1"
        echo "route add default via $gateway dev host0 src $1"
    } | ip -netns "$inside" -batch -
    for ip; do
        [ "${ip%.*}" = "${gateway%.*}" ] || ip -netns "$outside" route replace "$ip/32" dev br0
    done
}

network_detach() {
    # The cable explicitly: it would vanish with the namespace, but only some time later.
    ip -netns "$(region_namespace "$1")" link delete "$(network_cable "$2")" 2>/dev/null || true
    namespace_remove "$(host_namespace "$1" "$2")"
}

# Interface names have at most 15 characters, hosts' names more.
network_cable() {
    printf 'v%s\n' "$(printf %s "$1" | cksum | cut -d ' ' -f 1)"
}

# Derived from the address: whoever has it after a restart is not hidden by stale ARP entries.
network_mac() {
    local bytes
    IFS=. read -r -a bytes <<<"$1"
    printf '02:00:%02x:%02x:%02x:%02x\n' "${bytes[@]}"
}
