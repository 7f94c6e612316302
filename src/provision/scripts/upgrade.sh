step 'error upgrading docker'
file=$(readlink -f "$(command -v dockerd)")
family='docker-ce docker-ce-cli docker-ce-rootless-extras containerd.io docker-buildx-plugin docker-compose-plugin docker-model-plugin docker.io docker-cli containerd runc moby-engine moby-cli docker docker-engine docker-buildx docker-compose docker-openrc docker-cli-buildx docker-cli-compose'
installed=
if have dpkg-query; then
    owner=$(dpkg-query -S "$file" 2>/dev/null | cut -d : -f 1)
    for package in $family; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || :)" != installed ] ||
            installed="$installed $package"
    done
elif have apk; then
    owner=$(apk info -q -W "$file" 2>/dev/null || :)
    for package in $family; do
        ! apk info -q -e "$package" || installed="$installed $package"
    done
elif have pacman; then
    owner=$(pacman -Qqo "$file" 2>/dev/null || :)
elif have rpm; then
    # Says on standard output that nobody owns a file.
    owner=$(rpm -qf --queryformat '%{NAME}' "$file" 2>/dev/null) || owner=
    for package in $family; do
        ! rpm -q "$package" >/dev/null 2>&1 || installed="$installed $package"
    done
else
    owner=
fi
[ -n "$owner" ] || fail "no package owns $file, so there is nothing to upgrade it with"
# apk says name-version; the family list has it under its plain name.
have apk || case " $installed " in *" $owner "*) ;; *) installed="$installed $owner" ;; esac
fact old-pid "$(engine_pid)"
before=$(sha256sum <"$file")$(dockerd --version)
# shellcheck disable=SC2086
if have apt-get; then
    logged apt-get update -q
    logged apt-get install -y -q --only-upgrade $installed
elif have dnf; then
    logged dnf -y upgrade $installed
elif have yum; then
    logged yum -y update $installed
elif have zypper; then
    logged zypper -n update $installed
elif have pacman; then
    # Arch knows whole upgrades only.
    logged pacman -Syu --noconfirm --noprogressbar
elif have apk; then
    logged apk update
    logged apk add --upgrade $installed
fi
[ "$before" = "$(sha256sum <"$file")$(dockerd --version)" ] || : >"$pending"
[ ! -e "$pending" ] || fact upgraded yes
fact engine-version "$(dockerd --version)"
