# shellcheck shell=bash
# The region `lab` with two hosts, for a person to play with.

byhand_up() {
    local region=lab host address key
    setup
    [ -d "$LAB_STATE/$region" ] || region_up "$region" --owner none
    for host in web db; do
        if [ -d "$LAB_STATE/$region/hosts/$host" ]; then
            host_start "$region" "$host"
        else
            host_up "$region" "$host" >/dev/null
        fi
    done
    address=$(head -n 1 "$LAB_STATE/$region/hosts/web/addresses")
    key=$LAB_STATE/$region/key
    cat <<TEXT
The region \`$region\` is up. It is a network of its own: what shall reach the hosts runs in it.

$(list_region "$region")

Make a Docker host of the bare Debian \`web\`:
  $LAB exec docker-machine create --driver generic \\
    --generic-ip-address $address --generic-ssh-key $key \\
    --engine-install-url http://$(<"$LAB_STATE/$region/address")/install.sh web

Log in:          $LAB exec ssh -i $key root@$address
From the inside: $LAB shell web
The end:         $LAB down
TEXT
}
