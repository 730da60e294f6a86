#!/bin/sh
# Makes the test data of this folder anew. Needs openssl and Go (1.26 or later).
#
# The keys are for tests only: they are public, trust nothing signed with them.
# A key that exists stays, so that the golden TBSs change only where the code
# that makes them does. To replace a key, delete it first.
set -eu
cd "$(dirname "$0")"

ec() {
  [ -e "test-$1.key.pem" ] ||
    openssl ecparam -name "$2" -genkey -noout -out "test-$1.key.pem"
}
rsa() {
  [ -e "test-$1.key.pem" ] ||
    openssl genrsa -traditional -out "test-$1.key.pem" "$2" 2>/dev/null
}

ec p256 prime256v1
ec p384 secp384r1
ec p521 secp521r1
ec p224 secp224r1
ec leaf-p256 prime256v1
rsa rsa2048 2048
rsa rsa1024 1024
[ -e test-ed25519.key.pem ] ||
  openssl genpkey -algorithm ed25519 -out test-ed25519.key.pem

# Other forms of a key: PKCS#8, with its parameters before it, with a
# compressed or without any public half, encrypted both ways, of a curve that is
# not supported, too short, and with halves that do not match.
openssl pkcs8 -topk8 -nocrypt -in test-p256.key.pem -out test-form-p256.pkcs8.pem
openssl pkcs8 -topk8 -nocrypt -in test-rsa2048.key.pem \
  -out test-form-rsa2048.pkcs8.pem
{
  openssl ecparam -name prime256v1
  cat test-p256.key.pem
} >test-form-p256.with-parameters.pem
openssl ec -in test-p256.key.pem -conv_form compressed \
  -out test-form-p256.compressed.pem 2>/dev/null
openssl ec -in test-p256.key.pem -no_public \
  -out test-form-p256.no-public.pem 2>/dev/null
openssl pkcs8 -topk8 -in test-p256.key.pem -passout pass:test \
  -out test-form-p256.encrypted-pkcs8.pem
openssl ec -in test-p256.key.pem -aes128 -passout pass:test \
  -out test-form-p256.encrypted-sec1.pem 2>/dev/null
openssl ecparam -name secp256k1 -genkey -noout -out test-form-secp256k1.pem
openssl genrsa -traditional -out test-form-rsa512.pem 512 2>/dev/null

(cd go_vectors && go build -o ../.go_vectors .)
./.go_vectors
rm -f .go_vectors
