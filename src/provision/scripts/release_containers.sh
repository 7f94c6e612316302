step 'error taking back live-restore'
# Somebody pulled the plug while it was on, or killed the script.
release_containers
