step 'error installing docker'
logged amazon-linux-extras install -y docker
