#!/bin/sh
# Installs Docker the way that the script at the default install URL does on Debian: as root, or
# through sudo. It ends with Docker running.
set -e

if [ "$(id -u)" = 0 ]; then
    as_root='sh -c'
elif command -v sudo >/dev/null 2>&1; then
    as_root='sudo -E sh -c'
else
    echo 'Error: this installer needs the ability to run commands as root.' >&2
    echo 'We are unable to find either "sudo" or "su" available to make this happen.' >&2
    exit 1
fi

# Since Debian 13 the client is a package of its own.
packages='docker.io $(apt-cache show docker-cli >/dev/null 2>&1 && echo docker-cli)'

echo '# Executing docker install script'
$as_root 'apt-get -qq update >/dev/null'
$as_root "DEBIAN_FRONTEND=noninteractive apt-get -y -qq install --no-install-recommends $packages >/dev/null"
$as_root 'systemctl enable --now docker.service >/dev/null 2>&1'
$as_root 'docker version'
