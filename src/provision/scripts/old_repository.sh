step 'error disabling the old package source'
mv -f /etc/yum.repos.d/docker.repo /etc/yum.repos.d/docker.repo.docker-machine-old
