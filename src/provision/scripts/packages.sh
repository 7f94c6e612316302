# Package managers: never interactive, waiting for whoever holds their lock.
rm -rf "$work"
(umask 077 && mkdir -p "$work")
trap 'rm -rf "$work"' EXIT
log=$work/log
printf '%s\n' 'DPkg::Lock::Timeout "300";' 'Dpkg::Options { "--force-confdef"; "--force-confold"; };' >"$work/apt.conf"
export APT_CONFIG="$work/apt.conf" DEBIAN_FRONTEND=noninteractive

locked() {
    # A lock file that pacman left behind at a crash stays for ever.
    if [ -n "$(find /var/lib/pacman/db.lck -mmin +10 2>/dev/null)" ]; then return 1; fi
    grep -qE 'Could not get lock|Unable to acquire the dpkg|unable to lock database|System management is locked|Unable to lock database' "$log"
}

# logged COMMAND...: the output goes to a file, so that a lost connection does not end the command half-way.
logged() {
    tries=0
    while :; do
        status=0
        "$@" >"$log" 2>&1 || status=$?
        [ $status != 0 ] || return 0
        tries=$((tries + 1))
        if [ $tries -lt 100 ] && locked; then
            sleep 3
            continue
        fi
        if [ $tries = 1 ] && have apt-get && grep -qE '404  *Not Found|Hash Sum mismatch' "$log"; then
            apt-get update -q >/dev/null 2>&1 || :
            continue
        fi
        tail -n 20 "$log" >&2
        free=$(($(df -Pk /var/lib | sed 1d | tr -s ' ' | cut -d ' ' -f 4) / 1024))
        [ $free -ge 300 ] || echo "only $free MB of the host's disk are free" >&2
        return $status
    done
}

packages_install() {
    if have apt-get; then
        logged apt-get update -q
        # A source that does not answer is only a warning here, and the reason why a package is missing later.
        silent=$(grep -E '^[WE]: ' "$log" | head -n 5 || :)
        logged apt-get install -y -q "$@" || { echo "$silent" >&2 && false; }
    elif have dnf; then
        logged dnf -y install --allowerasing "$@"
    elif have yum; then
        logged yum -y install "$@"
    elif have zypper; then
        logged zypper -n --gpg-auto-import-keys install "$@"
    elif have pacman; then
        logged pacman -S --needed --noconfirm --noprogressbar "$@" ||
            logged pacman -Syu --needed --noconfirm --noprogressbar "$@"
        [ -d "/usr/lib/modules/$(uname -r)" ] ||
            note 'the running kernel is gone from the disk: restart the machine if Docker does not start'
    elif have apk; then
        logged apk add "$@"
    else
        fail "no package manager to install $* with"
    fi
}

fetch() {
    if ! have curl && ! have wget; then
        step 'error installing curl'
        packages_install curl ca-certificates
        step 'error installing docker'
    fi
    # One who answers and then says nothing for a minute will not say more.
    if have curl; then
        curl -fsSL --retry 5 --connect-timeout 20 --speed-limit 1 --speed-time 60 -o "$2" "$1" 2>"$log" ||
            { tail -n 1 "$log" >&2 && false; }
    else
        wget -T 60 -O "$2" "$1" >"$log" 2>&1 || { tail -n 3 "$log" >&2 && false; }
    fi || fail "cannot fetch $1"
}
