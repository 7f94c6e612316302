step 'error repairing interrupted package installations'
logged dpkg --configure -a || logged apt-get install -f -y -q
[ -z "$(dpkg --audit)" ] || logged apt-get install -f -y -q
