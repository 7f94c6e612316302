step 'error installing docker'
fetch "$REPOSITORY" "$work/docker-ce.repo"
put /etc/yum.repos.d/docker-ce.repo 0644 "$(cat "$work/docker-ce.repo")
"
# shellcheck disable=SC2086
packages_install $PACKAGES
