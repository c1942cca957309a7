package tools

import (
	"bytes"
	"crypto/sha1" // what a fingerprint without -sha256 is
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

const opensslTime = "Jan _2 15:04:05 2006 GMT"

// nameOf is a distinguished name as OpenSSL 3.5 writes it.
func nameOf(n pkix.Name) string {
	short := map[string]string{"2.5.4.3": "CN", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.5": "serialNumber", "1.2.840.113549.1.9.1": "emailAddress"}
	var parts []string
	for _, a := range n.Names {
		parts = append(parts, either(short[a.Type.String()], a.Type.String())+"="+fmt.Sprint(a.Value))
	}
	return strings.Join(parts, ", ")
}

func colons(b []byte) string {
	parts := make([]string, len(b))
	for i, x := range b {
		parts[i] = fmt.Sprintf("%02X", x)
	}
	return strings.Join(parts, ":")
}

// x509 prints what it is asked of a certificate, in the order of the options.
func (o *opensslCall) x509() int {
	if _, ok := o.read("noout enddate startdate dates subject issuer serial fingerprint sha256 sha1 pubkey text modulus email alias", "in inform ext checkend checkhost checkip nameopt out outform"); !ok {
		return 1
	}
	for _, flag := range []string{"out", "inform", "modulus", "alias", "email", "nameopt"} {
		if o.given.has(flag) {
			fmt.Fprintf(o.call.Stderr, "x509: the option -%s is not simulated\n", flag)
			return 1
		}
	}
	b, ok := o.input("certificate")
	if !ok {
		return 1
	}
	list := certificates(b)
	if len(list) == 0 {
		fmt.Fprintf(o.call.Stderr, "Could not find certificate from %s\n", o.source())
		return 1
	}
	cert := list[0]
	status := 0
	for _, g := range o.given {
		status = max(status, o.tell(cert, g))
	}
	if !o.given.has("noout") {
		if o.given.value("outform") == "der" || o.given.value("outform") == "DER" {
			_, _ = o.call.Stdout.Write(cert.Raw) // a reader that is gone ends the process
		} else {
			_ = pem.Encode(o.call.Stdout, &pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}) // likewise
		}
	}
	return status
}

// tell prints one thing and returns the status that it asks for.
func (o *opensslCall) tell(cert *x509.Certificate, g option) int {
	out := o.call.Stdout
	switch g.name {
	case "startdate":
		fmt.Fprintln(out, "notBefore="+cert.NotBefore.UTC().Format(opensslTime))
	case "enddate":
		fmt.Fprintln(out, "notAfter="+cert.NotAfter.UTC().Format(opensslTime))
	case "dates":
		fmt.Fprintf(out, "notBefore=%s\nnotAfter=%s\n", cert.NotBefore.UTC().Format(opensslTime), cert.NotAfter.UTC().Format(opensslTime))
	case "subject":
		fmt.Fprintln(out, "subject="+nameOf(cert.Subject))
	case "issuer":
		fmt.Fprintln(out, "issuer="+nameOf(cert.Issuer))
	case "serial":
		fmt.Fprintf(out, "serial=%X\n", cert.SerialNumber.Bytes())
	case "fingerprint":
		if o.given.has("sha256") {
			sum := sha256.Sum256(cert.Raw)
			fmt.Fprintf(out, "sha256 Fingerprint=%s\n", colons(sum[:]))
		} else {
			sum := sha1.Sum(cert.Raw)
			fmt.Fprintf(out, "SHA1 Fingerprint=%s\n", colons(sum[:]))
		}
	case "pubkey":
		return printPublic(o.call, cert.PublicKey)
	case "ext":
		for name := range strings.SplitSeq(g.value, ",") {
			o.extension(cert, name, "")
		}
	case "checkend":
		return o.checkEnd(cert, g.value)
	case "checkhost":
		fmt.Fprintf(out, "Hostname %s does %smatch certificate\n", g.value, map[bool]string{true: "NOT "}[cert.VerifyHostname(g.value) != nil])
	case "checkip":
		fmt.Fprintf(out, "IP %s does %smatch certificate\n", g.value, map[bool]string{true: "NOT "}[cert.VerifyHostname(g.value) != nil])
	case "text":
		o.text(cert)
	}
	return 0
}

func (o *opensslCall) checkEnd(cert *x509.Certificate, seconds string) int {
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		fmt.Fprintf(o.call.Stderr, "x509: Non-number \"%s\" for option \"-checkend\"\n", seconds)
		return 1
	}
	if now(o.call).Add(time.Duration(n) * time.Second).After(cert.NotAfter) {
		fmt.Fprintln(o.call.Stdout, "Certificate will expire")
		return 1
	}
	fmt.Fprintln(o.call.Stdout, "Certificate will not expire")
	return 0
}

// extension prints one extension that the certificate has.
func (o *opensslCall) extension(cert *x509.Certificate, name, indent string) {
	title, oid, value := "", "", ""
	switch name {
	case "subjectAltName":
		var names []string
		for _, n := range cert.DNSNames {
			names = append(names, "DNS:"+n)
		}
		for _, a := range cert.IPAddresses {
			names = append(names, "IP Address:"+a.String())
		}
		title, oid, value = "Subject Alternative Name", "2.5.29.17", strings.Join(names, ", ")
	case "basicConstraints":
		if cert.BasicConstraintsValid {
			title, oid, value = "Basic Constraints", "2.5.29.19", "CA:"+strings.ToUpper(strconv.FormatBool(cert.IsCA))
		}
	case "subjectKeyIdentifier":
		title, oid, value = "Subject Key Identifier", "2.5.29.14", colons(cert.SubjectKeyId)
	case "authorityKeyIdentifier":
		title, oid, value = "Authority Key Identifier", "2.5.29.35", colons(cert.AuthorityKeyId)
	case "keyUsage":
		title, oid, value = "Key Usage", "2.5.29.15", keyUsage(cert.KeyUsage)
	case "extendedKeyUsage":
		title, oid, value = "Extended Key Usage", "2.5.29.37", extendedUsage(cert.ExtKeyUsage)
	default:
		fmt.Fprintf(o.call.Stderr, "x509: the extension %q is not simulated\n", name)
		return
	}
	if value == "" {
		return
	}
	critical := slices.ContainsFunc(cert.Extensions, func(e pkix.Extension) bool { return e.Id.String() == oid && e.Critical })
	fmt.Fprintf(o.call.Stdout, "%sX509v3 %s: %s\n%s    %s\n", indent, title, map[bool]string{true: "critical"}[critical], indent, value)
}

func keyUsage(u x509.KeyUsage) string {
	var out []string
	for i, name := range []string{"Digital Signature", "Non Repudiation", "Key Encipherment", "Data Encipherment", "Key Agreement", "Certificate Sign", "CRL Sign", "Encipher Only", "Decipher Only"} {
		if u&(1<<i) != 0 {
			out = append(out, name)
		}
	}
	return strings.Join(out, ", ")
}

func extendedUsage(list []x509.ExtKeyUsage) string {
	names := map[x509.ExtKeyUsage]string{x509.ExtKeyUsageServerAuth: "TLS Web Server Authentication", x509.ExtKeyUsageClientAuth: "TLS Web Client Authentication"}
	var out []string
	for _, u := range list {
		out = append(out, either(names[u], "Any Extended Key Usage"))
	}
	return strings.Join(out, ", ")
}

// text prints the whole certificate.
func (o *opensslCall) text(cert *x509.Certificate) {
	out := o.call.Stdout
	algorithm := map[x509.SignatureAlgorithm]string{
		x509.ECDSAWithSHA256: "ecdsa-with-SHA256", x509.ECDSAWithSHA384: "ecdsa-with-SHA384", x509.SHA256WithRSA: "sha256WithRSAEncryption", x509.PureEd25519: "ED25519",
	}[cert.SignatureAlgorithm]
	serial := strings.ToLower(colons(cert.SerialNumber.Bytes()))
	number := "\n            " + serial
	if len(cert.SerialNumber.Bytes()) <= 8 {
		number = fmt.Sprintf(" %d (0x%x)", cert.SerialNumber, cert.SerialNumber)
	}
	fmt.Fprintf(out, "Certificate:\n    Data:\n        Version: %d (0x%x)\n        Serial Number:%s\n        Signature Algorithm: %s\n        Issuer: %s\n        Validity\n            Not Before: %s\n            Not After : %s\n        Subject: %s\n",
		cert.Version, cert.Version-1, number, algorithm, nameOf(cert.Issuer), cert.NotBefore.UTC().Format(opensslTime), cert.NotAfter.UTC().Format(opensslTime), nameOf(cert.Subject))
	kind, curve, bits := keyWords(cert.PublicKey)
	fmt.Fprintf(out, "        Subject Public Key Info:\n            Public Key Algorithm: %s\n                Public-Key: (%d bit)\n", kind, bits)
	if curve != "" {
		fmt.Fprintf(out, "                ASN1 OID: %s\n                NIST CURVE: P-%d\n", curve, bits)
	}
	fmt.Fprintln(out, "        X509v3 extensions:")
	for _, name := range []string{"keyUsage", "extendedKeyUsage", "subjectKeyIdentifier", "authorityKeyIdentifier", "basicConstraints", "subjectAltName"} {
		o.extension(cert, name, "            ")
	}
	fmt.Fprintf(out, "    Signature Algorithm: %s\n    Signature Value:\n", algorithm)
	for chunk := range slices.Chunk(cert.Signature, 18) {
		end := ":"
		if bytes.HasSuffix(cert.Signature, chunk) {
			end = ""
		}
		fmt.Fprintf(out, "        %s%s\n", strings.ToLower(colons(chunk)), end)
	}
}
