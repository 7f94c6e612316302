step 'error setting the host name'
# /etc/hosts first: sudo looks the new name up.
[ -e /etc/hosts ] || : >/etc/hosts
listed=
loopback=
while read -r line || [ -n "$line" ]; do
    case $line in
    *[[:space:]]"$NAME") listed=yes ;;
    127.0.1.1[[:space:]]*) loopback=yes ;;
    esac
done </etc/hosts
if [ -z "$listed" ]; then
    hosts=$(cat /etc/hosts)
    [ -z "$loopback" ] || hosts=$(sed "s/^127\.0\.1\.1[[:space:]].*/127.0.1.1 $NAME/" /etc/hosts)
    [ -n "$loopback" ] || hosts="$hosts
127.0.1.1 $NAME"
    # In place where the file is a mount of its own.
    (put /etc/hosts 0644 "$hosts
" 2>/dev/null) || printf '%s\n' "$hosts" >/etc/hosts
fi
if ! have hostnamectl || ! hostnamectl set-hostname "$NAME" 2>/dev/null; then
    put /etc/hostname 0644 "$NAME
"
    if have hostname; then hostname "$NAME"; else printf '%s' "$NAME" >/proc/sys/kernel/hostname; fi
fi
