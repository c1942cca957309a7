package probes

import "path"

// keepalivedScript prints what a host's Keepalived configuration says about priorities and addresses, and nothing else: a
// statement that is not known by name stays on the host, and so do passwords, wherever they stand. Each statement and each
// brace is a line of its own. Files that it includes are followed one level deep.
func keepalivedScript(config string) string {
	return `keep() { awk '
{ sub(/[#!].*/, ""); gsub(/[{}]/, "\n&\n"); n = split($0, part, "\n")
  for (i = 1; i <= n; i++) { w = split(part[i], word, " "); if (w == 0) continue
    if (word[1] == "{" || word[1] == "}") { print word[1]; if (word[1] == "}") list = ""; continue }
    if (word[1] ~ /^(virtual_ipaddress|virtual_ipaddress_excluded|track_script)$/) { list = word[1]; print list; continue }
    if (list ~ /^virtual_ipaddress/) { if (word[1] ~ /^[0-9a-fA-F.:]+(\/[0-9]+)?$/) print word[1]; continue }
    if (list == "track_script") { if (word[1] ~ /^[A-Za-z0-9_.-]+$/) { if (word[2] == "weight" && word[3] ~ /^[-+]?[0-9]+$/) print word[1], "weight", word[3], (word[4] == "reverse" ? "reverse" : ""); else print word[1] } continue }
    if (word[1] ~ /^(vrrp_instance|vrrp_script|interface|include)$/) print word[1], word[2]
    else if (word[1] ~ /^(virtual_router_id|priority|weight)$/) print word[1], (word[2] ~ /^[-+]?[0-9]+$/ ? word[2] : "?")
    else if (word[1] == "nopreempt") print word[1]
    else if (word[1] ~ /^@/) print "conditional"
    else print "other" } }' "$@"; }
k=` + quote(config) + `
if [ -r "$k" ]; then keep "$k"
( cd ` + quote(path.Dir(config)) + ` && for f in $(sed -n 's/^[[:space:]]*include[a-z]*[[:space:]]\{1,\}//p' "$k"); do
if [ -r "$f" ]; then keep "$f"; else echo "closed $f"; fi; done ); echo ` + complete + `
elif [ -e "$k" ]; then echo closed; else echo missing; fi`
}

// certificateScript prints the certificates of a file, and the public key of the key file that belongs to it by its name,
// where the ssh user may read that one. The key itself never leaves the host: openssl reads it there.
func certificateScript(file string) string {
	return `c=` + quote(file) + `
if [ -r "$c" ]; then awk '/^-----BEGIN CERTIFICATE-----/ {on = 1} on {print} /^-----END CERTIFICATE-----/ {on = 0; if (++n == 4) exit}' "$c"
elif [ -e "$c" ]; then echo closed; else echo missing; fi
b=${c%.*}; d=${c%/*}; o=${b##*/}
for f in "$b.key" "$d/privkey.pem" "$b-key.pem" "${d%/certs}/private/$o.key" "$c"; do
grep -q 'PRIVATE KEY-----$' "$f" || continue
p=$($T openssl pkey -in "$f" -passin pass: -pubout </dev/null | sed -n '/^-----BEGIN PUBLIC KEY-----$/,/^-----END PUBLIC KEY-----$/p')
[ -z "$p" ] || { printf '%s\n' "$p"; break; }; done`
}
