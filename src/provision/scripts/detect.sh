# One look at the host; nothing is changed.
for candidate in /etc/os-release /usr/lib/os-release; do
    if [ -f "$candidate" ]; then
        file os-release "$candidate"
        break
    fi
done
if [ -d /run/systemd/system ]; then
    fact init systemd
elif have rc-service; then
    fact init openrc
fi
fact arch "$(uname -m)"
fact host-name "$(uname -n)"
fact clock "$(date +%s)"
for program in apt-get dnf yum zypper pacman apk curl wget; do
    ! have "$program" || fact "has-$program" yes
done
if [ -d /run/cloud-init ] && [ ! -e /run/cloud-init/result.json ] && [ ! -e /run/cloud-init/disabled ] &&
    have cloud-init; then
    fact first-boot running
fi
[ ! -e /run/ostree-booted ] || fact ostree yes
fact free-kb "$(df -Pk /var/lib 2>/dev/null | sed '1d' | tr -s ' ' | cut -d ' ' -f 4)"
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    fact controllers "$(cat /sys/fs/cgroup/cgroup.controllers)"
elif [ -f /proc/cgroups ]; then
    fact controllers "$(sed -n 's/^\([a-z_]*\)\t.*\t1$/\1/p' /proc/cgroups | tr '\n' ' ')"
fi
if have dpkg && [ -n "$(dpkg --audit 2>/dev/null)" ]; then fact packages-broken yes; fi
if [ -d /run/systemd/system ] && systemctl is-enabled -q nm-cloud-setup.timer 2>/dev/null; then
    fact nm-cloud-setup enabled
fi
# The storage drivers that have been used are folders here.
fact storage "$(ls /var/lib/docker 2>/dev/null | tr '\n' ' ')"
file hostname /etc/hostname
file hosts /etc/hosts
file full-unit /etc/systemd/system/docker.service
file drop-in /etc/systemd/system/docker.service.d/10-machine.conf
file old-repository /etc/yum.repos.d/docker.repo
file ca.pem /etc/docker/ca.pem
file server.pem /etc/docker/server.pem
