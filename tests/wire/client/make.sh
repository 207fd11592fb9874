#!/usr/bin/env bash
# Makes the files here anew, by OpenSSL 3: client certificates for tests, with keys that guard nothing.
# The password of whatever is encrypted is `secret`.
set -euo pipefail
cd "$(dirname "$0")"
days="-days 36500"
old="-legacy -macalg sha1 -iter 2048"

# request NAME SUBJECT KEY-OPTIONS...: a key and a request.
request() {
  local name=$1 subject=$2
  shift 2
  openssl req -new -nodes -subj "$subject" -keyout "$name.key" -out "$name.csr" "$@"
}
ec="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1"

# shellcheck disable=SC2086
{
  request root "/CN=Root of the tests" $ec
  openssl x509 -req $days -in root.csr -key root.key -extfile <(echo basicConstraints=critical,CA:TRUE) -out root.crt
  request middle "/CN=Issuer of the tests" $ec
  openssl x509 -req $days -in middle.csr -CA root.crt -CAkey root.key -CAcreateserial \
    -extfile <(echo basicConstraints=critical,CA:TRUE) -out middle.crt
  request ec "/CN=Jane Roe/emailAddress=jane@example.test" $ec
  openssl x509 -req $days -in ec.csr -CA middle.crt -CAkey middle.key -CAcreateserial -extfile <(
    printf 'extendedKeyUsage=clientAuth\nsubjectAltName=otherName:msUPN;UTF8:backup@example.test,email:roe@example.test'
  ) -out ec.crt
  request rsa "/CN=backup" -newkey rsa:2048
  openssl x509 -req $days -in rsa.csr -key rsa.key -extfile <(echo extendedKeyUsage=clientAuth) -out rsa.crt
  request p521 "/CN=backup" -newkey ec -pkeyopt ec_paramgen_curve:secp521r1
  openssl x509 -req $days -in p521.csr -key p521.key -out p521.crt

  cat root.crt middle.crt ec.key ec.crt >chain.pem
  openssl ec -in ec.key -out ec-sec1.key
  openssl rsa -traditional -in rsa.key -out rsa-pkcs1.key
  openssl pkcs8 -topk8 -in ec.key -passout pass:secret -out ec-aes.key
  # A minute of work for a computer, and more: a password is hashed as often as we let it.
  openssl pkcs8 -topk8 -in ec.key -passout pass:secret -v2 aes-256-cbc -iter 10000000 -out ec-slow.key
  openssl pkcs8 -topk8 -in ec.key -passout pass:secret -v2 des3 -v2prf hmacWithSHA1 -out ec-3des.key
  openssl pkcs8 -topk8 -in ec.key -passout pass:secret -v1 PBE-SHA1-3DES -out ec-pbes1.key
  openssl rsa -traditional -in rsa.key -aes256 -passout pass:secret -out rsa-traditional.key

  cat root.crt middle.crt >issuers.crt
  export="openssl pkcs12 -export -inkey ec.key -in ec.crt -certfile issuers.crt"
  $export -passout pass:secret -out new.p12
  $export -passout pass:secret $old -certpbe PBE-SHA1-3DES -keypbe PBE-SHA1-3DES -out 3des.p12
  $export -passout pass:secret $old -certpbe PBE-SHA1-RC2-40 -keypbe PBE-SHA1-3DES -out rc2.p12
  $export -passout pass:secret $old -certpbe PBE-SHA1-RC4-128 -keypbe PBE-SHA1-RC4-128 -out rc4.p12
  $export -passout pass:secret -nomac -out unchecked.p12
  $export -passout pass: -out empty-password.p12
  $export -passout pass: -certpbe NONE -keypbe NONE -nomac -out plain.p12
  openssl pkcs12 -export -nokeys -in ec.crt -passout pass:secret -out no-key.p12
  openssl pkcs12 -export -nocerts -inkey ec.key -passout pass:secret -out no-certificate.p12
} 2>/dev/null
rm -f ./*.csr ./*.srl issuers.crt root.key middle.key root.crt middle.crt
