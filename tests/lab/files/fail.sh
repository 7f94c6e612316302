#!/bin/sh
# An install script that fails, for tests of what the user is told then.
echo '# Executing docker install script'
echo 'Reading package lists...'
echo 'E: Unable to locate package docker-ce' >&2
echo 'E: Package containerd.io has no installation candidate' >&2
exit 3
