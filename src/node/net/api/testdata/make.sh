#!/bin/sh
# Made the certificates and keys here, once: they are valid for 100 years and protect nothing but the tests.
set -eu
cd "$(dirname "$0")"

make() { # SUBJECT CERTIFICATE KEY
    openssl req -x509 -new -key "$3" -subj "$1" -out "$2" -days 36500 -config /dev/null \
        -addext subjectAltName=IP:127.0.0.1
}

openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out server.key
make /CN=kube-apiserver server.crt server.key
# The same key, for a certificate renewed with it.
make /CN=kube-apiserver another.crt server.key

# As kubeadm makes it: PKCS#1. The same key as PKCS#8.
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out apiserver-kubelet-client.pkcs8.key
openssl rsa -traditional -in apiserver-kubelet-client.pkcs8.key -out apiserver-kubelet-client.key
make /O=kubeadm:cluster-admins/CN=kube-apiserver-kubelet-client apiserver-kubelet-client.crt apiserver-kubelet-client.key

# As the kubelet makes it: certificate and key in one file, the key in SEC1.
openssl ecparam -name prime256v1 -genkey -noout -out node.key
make /O=system:nodes/CN=system:node:cp0 node.crt node.key
cat node.crt node.key >kubelet-client-current.pem
rm node.crt node.key
