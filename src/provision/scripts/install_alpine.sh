step 'error installing docker'
repositories=/etc/apk/repositories
if ! grep -qE '^[^#]*/community/?$' $repositories; then
    sources=$(sed 's|^\([^#]*\)/main/*$|&\n\1/community|' $repositories)
    put $repositories 0644 "$sources
"
fi
logged apk update
logged apk add docker
