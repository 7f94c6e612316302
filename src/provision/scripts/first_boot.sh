step 'error waiting for the first boot'
# 0: done; 2: done with errors it recovered from.
status=0
timeout 600 cloud-init status --wait >/dev/null 2>&1 || status=$?
case $status in
0 | 2) ;;
124) note 'cloud-init did not finish within 10 minutes; going on without it' ;;
*) note 'cloud-init ended with errors (see /var/log/cloud-init.log on the host); going on' ;;
esac
