step 'error installing docker'
fetch "$INSTALL_URL" "$work/install.sh"
[ "$(head -c 2 "$work/install.sh")" = '#!' ] ||
    fail "what $INSTALL_URL returned is no script: it does not start with #!"
logged sh "$work/install.sh"
have dockerd || { tail -n 20 "$log" >&2; fail "the script from $INSTALL_URL ended well, but there is no dockerd"; }
