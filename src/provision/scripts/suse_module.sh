step "Error while adding the 'containers' module, make sure this machine is registered either against SUSE Customer Center (SCC) or to a local Subscription Management Tool (SMT)"
logged SUSEConnect -p "sle-module-containers/$VERSION_ID/$(uname -m)" -r ''
