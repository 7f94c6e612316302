openpgp() { gpg --homedir "$work/gnupg" --batch --quiet --no-autostart "$@" 2>>"$log"; }

# The fingerprints of keys, not those of their subkeys: anybody can name another's key as a subkey of his own.
fingerprints() { openpgp --with-colons --list-keys "$@" | sed -n '/^pub:/,/^fpr:/s/^fpr:::::::::\([^:]*\):.*/\1/p'; }

# signing_key URL FINGERPRINT FILE: installs the key with that fingerprint; what else comes with it is left out.
signing_key() {
    if ! have gpg; then
        if have apt-get; then packages_install gpg; else packages_install gnupg2; fi
    fi
    fetch "$1" "$work/key"
    mkdir -p -m 700 "$work/gnupg"
    openpgp --import "$work/key" || :
    [ "$(fingerprints "$2")" = "$2" ] ||
        fail "the key from $1 is not the one that signs Docker's packages: $(fingerprints | tr '\n' ' ')instead of $2"
    put "$3" 0644 "$(openpgp --armor --export "$2")
"
}
