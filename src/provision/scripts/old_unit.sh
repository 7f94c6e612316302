step 'error moving the old docker.service aside'
: >"$pending"
mv -f /etc/systemd/system/docker.service /etc/systemd/system/docker.service.docker-machine-old
systemctl daemon-reload
