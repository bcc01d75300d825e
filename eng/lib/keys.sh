# shellcheck shell=bash
# Demo signing keys: ECDSA P-256, never meant to protect anything. Needs openssl.

# make_key DIRECTORY NAME: NAME.pem (PKCS#8, mode 600) and NAME.pub (SPKI); present ones are kept.
make_key() {
  local private="$1/$2.pem" public="$1/$2.pub"
  mkdir -p "$1"
  if [[ ! -s "$private" ]]; then
    (umask 077 && openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$private")
    rm -f "$public"
  fi
  [[ -s "$public" ]] || openssl ec -in "$private" -pubout -out "$public" 2>/dev/null
}
