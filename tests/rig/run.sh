#!/usr/bin/env bash
# Independent peers for tests, on loopback and free ports, from Debian 12 and PyPI parts: MIT's KDC; a small
# WinRM-like server on pyspnego, gss-ntlmssp and MIT's library; Apache's mod_auth_gssapi with the latter two;
# and pyspnego and MIT's library as acceptors of bare tokens. Heimdal's library is there to be a client.
#
#   RIG=DIR tests/rig/run.sh install|start|stop
#
# As root (it installs packages; Apache drops to www-data). `start` writes DIR/rig.env, which
# HVCTL_TEST_RIG=DIR tells the tests to read; those of Kerberos also need KRB5_CONFIG=DIR/krb5.conf.
# `stop` ends only what `start` began. `install` compiles for a minute or two the first time; pip keeps what it made.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
rig=${RIG:-/tmp/hyperv-wsman-rig}
python=$rig/venv/bin/python

install() {
  local packages="apache2 libapache2-mod-auth-gssapi gss-ntlmssp openssl python3-venv
    gcc krb5-admin-server krb5-kdc krb5-user libfaketime libgssapi3-heimdal libkrb5-dev microsocks python3-dev tinyproxy"
  # shellcheck disable=SC2086
  if ! dpkg -s $packages >/dev/null 2>&1; then
    # Packaged daemons shall not start. A policy that is there already is left alone; ours goes however this ends.
    local policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then
      trap 'rm -f /usr/sbin/policy-rc.d' EXIT
      printf '#!/bin/sh\nexit 101\n' >$policy
      chmod 755 $policy
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages
  fi
  mkdir -p "$rig"
  [ -x "$python" ] || python3 -m venv "$rig/venv"
  # Tests do not need bindings that are fast: without optimization they compile in a tenth of the time. The environment
  # constrains what builds them too.
  PIP_CONSTRAINT=$here/constraints.txt CFLAGS=-O0 "$rig/venv/bin/pip" install -q -r "$here/requirements.txt"
}

# certificate NAME OPENSSL-OPTIONS...: a self-signed one, for localhost.
certificate() {
  local name=$1
  shift
  openssl req -x509 -days 30 -nodes -subj "/CN=$name" -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
    -addext basicConstraints=critical,CA:FALSE -keyout "$rig/$name.key" -out "$rig/$name.crt" "$@" 2>"$rig/openssl.log" ||
    { cat "$rig/openssl.log" >&2; exit 1; }
}

# One certificate for each hash that `tls-server-end-point` may have to use.
certificates() {
  local rsa="-newkey rsa:2048" ec="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1"
  # shellcheck disable=SC2086
  {
    certificate rsa-sha256 $rsa -sha256
    certificate rsa-sha1 $rsa -sha1
    certificate rsa-sha384 $rsa -sha384
    certificate rsa-sha512 $rsa -sha512
    certificate pss-sha384 $rsa -sha384 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:-1
    certificate ecdsa-sha256 $ec -sha256
    certificate ecdsa-sha384 $ec -sha384
    certificate ecdsa-sha512 $ec -sha512
  }
}

# Client certificates of alice in all forms of files, issued by a CA that Apache knows, and one of mallory that nobody
# knows. The password of what is encrypted is Passw0rd!.
client_certificates() {
  local ec="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1" secret="-passout pass:Passw0rd!" to=$rig/clients
  local p12="openssl pkcs12 -export -inkey $to/ec.key -in $to/ec.crt $secret" old="-legacy -macalg sha1 -keypbe PBE-SHA1-3DES"
  mkdir -p "$to"
  # issue NAME KEY-OPTIONS...
  issue() {
    local name=$1
    shift
    openssl req -new -nodes -subj /CN=alice "$@" -keyout "$to/$name.key" -out "$to/$name.csr"
    openssl x509 -req -in "$to/$name.csr" -CA "$to/ca.crt" -CAkey "$to/ca.key" -CAcreateserial -days 30 \
      -extfile <(echo extendedKeyUsage=clientAuth) -out "$to/$name.crt"
  }
  # shellcheck disable=SC2086
  {
    openssl req -x509 -days 30 -nodes -subj "/CN=CA of clients" $ec -keyout "$to/ca.key" -out "$to/ca.crt"
    issue ec $ec
    issue rsa -newkey rsa:2048
    openssl req -x509 -days 30 -nodes -subj /CN=mallory $ec -addext extendedKeyUsage=clientAuth \
      -keyout "$to/unknown.key" -out "$to/unknown.crt"
    openssl rsa -traditional -in "$to/rsa.key" -out "$to/pkcs1.key"
    openssl ec -in "$to/ec.key" -out "$to/sec1.key"
    openssl pkcs8 -topk8 -in "$to/ec.key" $secret -out "$to/encrypted.key"
    $p12 -out "$to/aes.p12"
    $p12 $old -certpbe PBE-SHA1-3DES -out "$to/3des.p12"
    $p12 $old -certpbe PBE-SHA1-RC2-40 -out "$to/rc2.p12"
  } 2>"$rig/openssl.log" || { cat "$rig/openssl.log" >&2; exit 1; }
}

# spawn NAME COMMAND...: in the background, remembered for `stop`.
spawn() {
  local name=$1
  shift
  "$@" >"$rig/$name.log" 2>&1 &
  echo $! >"$rig/$name.pid"
}

# wait_for NAME COMMAND...: until the command succeeds, at most 20 seconds.
wait_for() {
  local name=$1
  shift
  for _ in $(seq 200); do
    ! "$@" 2>/dev/null || return 0
    kill -0 "$(cat "$rig/$name.pid")" 2>/dev/null || break
    sleep 0.1
  done
  echo "$name did not start:" >&2
  cat "$rig/$name.log" >&2
  exit 1
}

free_port() { "$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

opens() { (exec 3<>"/dev/tcp/${2:-127.0.0.1}/$1"); }

# with_realm COMMAND...: a command that talks to our KDC.
with_realm() { KRB5_CONFIG=$rig/krb5.conf KRB5_KDC_PROFILE=$rig/kdc.conf "$@"; }

# A realm with a KDC, its users, a keytab for each side, and tickets; new each time. A second KDC of it is the primary
# one for who goes by krb5-primary.conf; by its address, as MIT does not look at ports there.
realm() {
  local port primary
  port=$(free_port) primary=$(free_port)
  rm -rf "$rig/kdc" "$rig"/*.keytab "$rig"/ccache* "$rig"/kdc*.log "$rig/silent-kdc.port"
  spawn silent-kdc "$python" "$here/silent_kdc.py" "$rig/silent-kdc.port"
  wait_for silent-kdc test -s "$rig/silent-kdc.port"
  mkdir "$rig/kdc"
  local name
  for name in krb5.conf kdc.conf; do
    sed -e "s#@RIG@#$rig#g" -e "s#@KDC@#$port#g" -e "s#@SILENT@#$(cat "$rig/silent-kdc.port")#g" \
      "$here/$name.in" >"$rig/$name"
  done
  sed "s#^  kdc = 127.0.0.1:$port\$#&\n  primary_kdc = 127.0.0.2:$primary#" "$rig/krb5.conf" >"$rig/krb5-primary.conf"
  sed -e "s#127.0.0.1:$port#127.0.0.2:$primary#" -e "s#/kdc.log#/kdc-primary.log#" "$rig/kdc.conf" >"$rig/kdc-primary.conf"
  {
    with_realm kdb5_util create -s -r TEST.LOCAL -P master
    # The acceptors have the keys of the first two, none of `foreign`, and one of `rekeyed` that is not its
    # key any more, though it has the same number.
    with_realm kadmin.local <<END
addprinc -randkey +ok_as_delegate HTTP/localhost
addprinc -randkey +ok_as_delegate HTTP/hv01.test.local
ktadd -k $rig/http.keytab HTTP/localhost HTTP/hv01.test.local
addprinc -randkey HTTP/foreign.test.local
addprinc -randkey HTTP/rekeyed.test.local
ktadd -norandkey -k $rig/http.keytab HTTP/rekeyed.test.local
delprinc -force HTTP/rekeyed.test.local
addprinc -randkey HTTP/rekeyed.test.local
addprinc -pw Passw0rd! alice
addprinc -pw Passw0rd! bob
addprinc -pw Passw0rd! bert
addprinc -pw Passw0rd! harry
addprinc -pw Passw0rd! carol
addprinc -pw Passw0rd! +needchange dave
addprinc -pw Passw0rd! -allow_tix erin
addprinc -pw Passw0rd! gina
addprinc -pw Passw0rd! hana
addprinc -pw Passw0rd! iris
addprinc -pw Passw0rd! jane
addprinc -pw Passw0rd! kate
addprinc -pw Passw0rd! lena
addprinc -pw Passw0rd! frank
ktadd -norandkey -k $rig/frank.keytab frank
addprinc -pw Passw0rd! stale
ktadd -norandkey -k $rig/stale.keytab stale
cpw -pw other stale
END
  } >"$rig/realm.log" 2>&1 || { cat "$rig/realm.log" >&2; exit 1; }
  with_realm spawn kdc krb5kdc -n -r TEST.LOCAL
  KRB5_CONFIG=$rig/krb5-primary.conf KRB5_KDC_PROFILE=$rig/kdc-primary.conf spawn kdc-primary krb5kdc -n -r TEST.LOCAL
  wait_for kdc opens "$port"
  wait_for kdc-primary opens "$primary" 127.0.0.2
  # Tickets that last, and those of a second, which are over when the tests come.
  echo 'Passw0rd!' | with_realm kinit alice >/dev/null
  echo 'Passw0rd!' | with_realm kinit -c "FILE:$rig/ccache-bob" bob >/dev/null
  echo 'Passw0rd!' | with_realm kinit -l 1s -c "FILE:$rig/ccache-expired" alice >/dev/null
}

# The WinRM-like server; its ports in rig.env, and with a prefix those of one whose clock is an hour ahead.
acceptors() {
  local faketime
  faketime=$(dpkg -L libfaketime | grep '/libfaketime.so.1$')
  rm -f "$rig"/*.ports
  with_realm spawn acceptor "$python" "$here/acceptor.py" "$rig" "$rig/acceptor.ports"
  # Not by the command `faketime`, which stays in front of what it runs and does not pass signals on.
  with_realm spawn acceptor-skewed env FAKETIME=+1h "LD_PRELOAD=$faketime" \
    "$python" "$here/acceptor.py" "$rig" "$rig/acceptor-skewed.ports" SKEWED_
  with_realm spawn gss "$python" "$here/gss_acceptor.py" "$rig/gss.ports" GSS
  with_realm spawn gss-skewed env FAKETIME=+1h "LD_PRELOAD=$faketime" \
    "$python" "$here/gss_acceptor.py" "$rig/gss-skewed.ports" GSS_SKEWED
  local name
  for name in acceptor acceptor-skewed gss gss-skewed; do
    wait_for $name test -s "$rig/$name.ports"
  done
  cat "$rig"/*.ports >>"$rig/rig.env"
}

# Apache, in front of the backend that is among the acceptors.
apache() {
  local backend plain tls ntlm_plain ntlm_tls clients= listener
  backend=$(sed -n 's/^BACKEND=//p' "$rig/rig.env")
  plain=$(free_port) tls=$(free_port) ntlm_plain=$(free_port) ntlm_tls=$(free_port)
  # Name, version of TLS, whether the handshake asks for a client certificate, whether what follows it does.
  while read -r listener; do
    set -- $listener "$(free_port)"
    clients+="Use Clients $5 $2 $3 $4\\n"
    printf '%s=%s\n' "$1" "$5" >>"$rig/rig.env"
  done <<END
CLIENT_REQUIRED_12 TLSv1.2 require require
CLIENT_REQUIRED_13 TLSv1.3 require require
CLIENT_OPTIONAL_12 TLSv1.2 optional_no_ca optional_no_ca
CLIENT_OPTIONAL_13 TLSv1.3 optional_no_ca optional_no_ca
CLIENT_LATER_12 TLSv1.2 none require
CLIENT_LATER_13 TLSv1.3 none require
END
  sed -e "s#@RIG@#$rig#g" -e "s#@PLAIN@#$plain#g" -e "s#@TLS@#$tls#g" -e "s#@BACKEND@#$backend#g" -e "s#@CLIENTS@#$clients#" \
    -e "s#@NTLM_PLAIN@#$ntlm_plain#g" -e "s#@NTLM_TLS@#$ntlm_tls#g" \
    "$here/apache.conf.in" >"$rig/apache.conf"
  with_realm spawn apache apache2 -f "$rig/apache.conf" -D FOREGROUND
  wait_for apache opens "$tls"
  printf '%s=%s\n' APACHE "$tls" APACHE_PLAIN "$plain" APACHE_NTLM "$ntlm_tls" APACHE_NTLM_PLAIN "$ntlm_plain" >>"$rig/rig.env"
}

# A proxy of HTTP and one of SOCKS 5, each for `gate` with a password.
proxies() {
  local http socks
  http=$(free_port) socks=$(free_port)
  printf 'Listen 127.0.0.1\nPort %s\nBasicAuth gate Passw0rd\nTimeout 60\n' "$http" >"$rig/tinyproxy.conf"
  spawn tinyproxy tinyproxy -d -c "$rig/tinyproxy.conf"
  spawn microsocks microsocks -i 127.0.0.1 -p "$socks" -u gate -P Passw0rd
  wait_for tinyproxy opens "$http"
  wait_for microsocks opens "$socks"
  printf 'TINYPROXY=%s\nMICROSOCKS=%s\n' "$http" "$socks" >>"$rig/rig.env"
}

start() {
  stop
  chmod 755 "$rig" # for Apache's www-data
  rm -f "$rig/rig.env"
  certificates
  client_certificates
  realm
  # DOMAIN:USER:PASSWORD, read by pyspnego and by gss-ntlmssp.
  printf 'TEST:alice:Passw0rd!\nTEST:bob:Passw0rd!\n' >"$rig/ntlm.users"
  chmod 644 "$rig/ntlm.users" "$rig/http.keytab"
  export NTLM_USER_FILE=$rig/ntlm.users KRB5_KTNAME=$rig/http.keytab
  acceptors
  apache
  proxies
  echo "the peers run; HVCTL_TEST_RIG=$rig"
}

stop() {
  local file
  for file in "$rig"/*.pid; do
    [ -e "$file" ] || continue
    kill "$(cat "$file")" 2>/dev/null || true
    rm -f "$file"
  done
}

# Nothing of whoever calls this decides about the realm or its users.
unset KRB5CCNAME KRB5_CLIENT_KTNAME KRB5_KTNAME KRB5_KDC_PROFILE KRB5_TRACE NTLM_USER_FILE LM_COMPAT_LEVEL

case ${1:-} in
install | start | stop) "$1" ;;
*)
  echo "usage: RIG=DIR $0 install|start|stop" >&2
  exit 2
  ;;
esac
