#!/bin/sh
# Made the certificates and keys here, once: they are valid for 100 years and protect nothing but the tests.
set -eu
cd "$(dirname "$0")"

authority() { # NAME
    openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"
    openssl req -x509 -new -key "$1.key" -subj "/CN=$1" -out "$1.crt" -days 36500 -config /dev/null \
        -addext basicConstraints=critical,CA:true -addext keyUsage=critical,keyCertSign
}

issue() { # AUTHORITY NAME EXTENSIONS DAYS
    openssl ecparam -name prime256v1 -genkey -noout -out "$2.key"
    openssl req -new -key "$2.key" -subj "/CN=$2" -config /dev/null -out "$2.csr"
    printf '%s\n' "$3" >"$2.ext"
    openssl x509 -req -in "$2.csr" -CA "$1.crt" -CAkey "$1.key" -set_serial "0x$(openssl rand -hex 8)" \
        -days "$4" -extfile "$2.ext" -out "$2.crt"
    rm "$2.csr" "$2.ext"
}

authority server-ca
issue server-ca server "subjectAltName=IP:127.0.0.1" 36500
issue server-ca renewed "subjectAltName=IP:127.0.0.1" 36500
authority client-ca
issue client-ca client "extendedKeyUsage=clientAuth" 36500
authority other-ca
issue other-ca untrusted "extendedKeyUsage=clientAuth" 36500
rm server-ca.key client-ca.key other-ca.key other-ca.crt
