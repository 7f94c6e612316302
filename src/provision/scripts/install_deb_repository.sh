step 'error installing docker'
[ -e /etc/ssl/certs/ca-certificates.crt ] || packages_install ca-certificates
signing_key "$REPOSITORY/gpg" "$KEY" /etc/apt/keyrings/docker.asc
put /etc/apt/sources.list.d/docker.list 0644 \
    "deb [arch=$(dpkg --print-architecture) signed-by=/etc/apt/keyrings/docker.asc] $REPOSITORY $CODENAME stable
"
# shellcheck disable=SC2086
packages_install $PACKAGES
