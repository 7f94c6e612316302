step 'error disabling nm-cloud-setup'
systemctl disable --now nm-cloud-setup.timer >/dev/null 2>&1
systemctl disable --now nm-cloud-setup.service >/dev/null 2>&1 || :
