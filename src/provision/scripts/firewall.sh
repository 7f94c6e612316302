step 'error opening the firewall'
listening || exit 0
fact listening yes
if have firewall-cmd && firewall-cmd --state >/dev/null 2>&1; then
    firewall-cmd -q --permanent --add-port="$PORT/tcp"
    firewall-cmd -q --add-port="$PORT/tcp"
    fact opened firewalld
elif have ufw && ufw status 2>/dev/null | grep -q '^Status: active'; then
    ufw allow "$PORT/tcp" >/dev/null
    fact opened ufw
fi
