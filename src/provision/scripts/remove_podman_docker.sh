step 'error removing podman-docker'
# Only the command that calls itself docker goes; podman and its containers stay.
if have apt-get; then
    logged apt-get remove -y -q podman-docker
elif have dnf; then
    logged dnf -y remove --noautoremove podman-docker
elif have yum; then
    logged yum -y remove podman-docker
elif have zypper; then
    logged zypper -n remove podman-docker
elif have pacman; then
    logged pacman -R --noconfirm podman-docker
elif have apk; then
    logged apk del podman-docker
fi
