while IFS= read -r proxy; do
    # One word: name=value.
    export "${proxy?}"
done <<PROXIES
$PROXIES
PROXIES
