step 'error installing docker'
# Words on purpose: a list of package names.
# shellcheck disable=SC2086
packages_install $PACKAGES
