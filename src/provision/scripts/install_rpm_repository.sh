step 'error installing docker'
signing_key "$REPOSITORY/gpg" "$KEY" /etc/pki/rpm-gpg/docker.asc
# Docker's own file for this, with a key that is here already: dnf would take any that it is pointed to.
put /etc/yum.repos.d/docker-ce.repo 0644 "[docker-ce-stable]
name=Docker CE Stable - \$basearch
baseurl=$REPOSITORY/\$releasever/\$basearch/stable
enabled=1
gpgcheck=1
gpgkey=file:///etc/pki/rpm-gpg/docker.asc
"
# shellcheck disable=SC2086
packages_install $PACKAGES
