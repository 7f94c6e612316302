step 'error copying certificates'
mkdir -p /etc/docker
put_for_engine /etc/docker/ca.pem 0644 "$CA_PEM"
put_for_engine /etc/docker/server-key.pem 0600 "$SERVER_KEY_PEM"
put_for_engine /etc/docker/server.pem 0644 "$SERVER_PEM"
