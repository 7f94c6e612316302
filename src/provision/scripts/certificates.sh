step 'error copying certificates'
# put_certificates CA KEY CERTIFICATE: all are on the disk before the first counts.
put_certificates() {
    changed=
    set -- ca.pem 0644 "$1" server-key.pem 0600 "$2" server.pem 0644 "$3"
    while [ $# != 0 ]; do
        if same "/etc/docker/$1" "$3"; then
            chmod "$2" "/etc/docker/$1"
        else
            : >"$pending"
            draft "/etc/docker/$1" "$2" "$3"
            changed="$changed /etc/docker/$1"
        fi
        shift 3
    done
    # shellcheck disable=SC2086
    [ -z "$changed" ] || settle $changed
    for file in $changed; do echo "@changed $file"; done
}

# What there was, for give_up.
earlier_ca=$(content /etc/docker/ca.pem)
earlier_key=$(content /etc/docker/server-key.pem)
earlier_server=$(content /etc/docker/server.pem)
put_certificates "$CA_PEM" "$SERVER_KEY_PEM" "$SERVER_PEM"
