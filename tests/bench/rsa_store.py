"""rsa_store.py FOLDER: an authority and a client certificate with RSA keys of 2048 bits, the original's default."""

import pathlib
import subprocess
import sys

folder = pathlib.Path(sys.argv[1])


def openssl(*words):
    subprocess.run(["openssl", *words], check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/O=bench", "-keyout", "ca-key.pem",
        "-out", "ca.pem", "-addext", "keyUsage=critical,digitalSignature,keyEncipherment,keyCertSign")
openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/O=bench.client", "-keyout", "key.pem", "-out", "client.csr")
(folder / "client.ext").write_text("keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n")
openssl("x509", "-req", "-in", "client.csr", "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-days", "30",
        "-extfile", "client.ext", "-out", "cert.pem")
