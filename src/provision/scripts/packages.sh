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
        logged zypper -n install "$@"
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

# wget_fetch URL FILE: false where curl is needed. wget cannot be told that no redirect may lead from https to http, so
# it follows none there. Only GNU's is asked: others check no certificates, or do not survive a time limit.
wget_fetch() {
    if ! have wget || ! wget --version 2>/dev/null | grep -q '^GNU Wget 1\.'; then return 1; fi
    wget -T 60 ${secure:+--max-redirect=0} -O "$2" -- "$1" >"$log" 2>&1 && return 0
    if [ -n "$secure" ] && grep -q '^Location: ' "$log"; then return 1; fi
    tail -n 3 "$log" >&2
    fail "cannot fetch $1"
}

# fetch URL FILE: what is asked for over https never comes over anything else.
fetch() {
    secure=
    case $1 in [Hh][Tt][Tt][Pp][Ss]:*) secure=yes ;; esac
    if ! have curl; then
        ! wget_fetch "$1" "$2" || return 0
        step 'error installing curl'
        packages_install curl ca-certificates
        step 'error installing docker'
    fi
    # One who answers and then says nothing for a minute will not say more.
    status=0
    curl -fsSL ${secure:+--proto =https} --retry 5 --connect-timeout 20 --speed-limit 1 --speed-time 60 \
        -o "$2" -- "$1" 2>"$log" || status=$?
    [ $status != 0 ] || return 0
    if [ "$secure$status" = yes1 ]; then
        # Unsupported protocol, in curl's words.
        echo 'a redirect from https to anything else is not followed' >&2
    else
        # More about certificates than fits may follow.
        grep '^curl: ' "$log" | tail -n 1 >&2
    fi
    fail "cannot fetch $1"
}

