#!/bin/sh
# Makes the certificates and keys in this directory. They are valid for 100 years, expired or not yet valid, and are used
# only in tests.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

key() { # NAME
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key"
}

authority() { # NAME
    key "$1"
    openssl req -x509 -new -key "$1.key" -subj "/CN=$1" -out "$1.crt" -days 36500 -config /dev/null \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
}

signed() { # NAME SUBJECT EXTENSIONS START END
    printf '%b' "[ca]\ndefault_ca=d\n[d]\ndatabase=$work/index\nserial=$work/serial\nnew_certs_dir=$work\ndefault_md=sha256\npolicy=p\nunique_subject=no\nx509_extensions=e\n[p]\ncommonName=supplied\norganizationName=optional\n[e]\n$3\n" >"$work/conf"
    : >"$work/index"
    [ -f "$work/serial" ] || echo 1000 >"$work/serial"
    openssl req -new -key "$1.key" -subj "$2" -out "$work/req" -config /dev/null
    openssl ca -batch -notext -config "$work/conf" -cert authority.crt -keyfile authority.key -in "$work/req" \
        -out "$1.crt" -startdate "$4" -enddate "$5"
}

authority authority
authority other-authority
names='subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:sink.audit.svc'
for name in server expired not-yet cn-only other-name client client-expired; do key "$name"; done
signed server /CN=sink "$names" 20260101000000Z 21260101000000Z
signed expired /CN=sink "$names" 20200101000000Z 20210101000000Z
signed not-yet /CN=sink "$names" 21200101000000Z 21260101000000Z
signed cn-only /CN=127.0.0.1 'basicConstraints=CA:FALSE' 20260101000000Z 21260101000000Z
signed other-name /CN=sink 'subjectAltName=DNS:sink.example.com' 20260101000000Z 21260101000000Z
signed client /CN=kube-apiserver 'extendedKeyUsage=clientAuth' 20260101000000Z 21260101000000Z
signed client-expired /CN=kube-apiserver 'extendedKeyUsage=clientAuth' 20200101000000Z 20210101000000Z

# Self-signed, as `openssl req -x509` makes it. Go accepts it when it is configured as the authority.
key self-signed
openssl req -x509 -new -key self-signed.key -subj /CN=sink -out self-signed.crt -days 36500 -config /dev/null \
    -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:TRUE
rm other-authority.key
