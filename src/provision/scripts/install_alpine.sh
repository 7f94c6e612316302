step 'error installing docker'
repositories=/etc/apk/repositories
if ! grep -qE '^[^#]*/community/?$' $repositories; then
    sources=$(cat $repositories)
    put $repositories 0644 "$sources
$(sed -n 's,^\([^#]*\)/main/\{0,1\}$,\1/community,p' $repositories)
"
fi
logged apk update
logged apk add docker
