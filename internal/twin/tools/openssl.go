package tools

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"strings"

	"recon/internal/twin/shell"
)

const opensslVersion = "OpenSSL 3.5.9 29 Sep 2026 (Library: OpenSSL 3.5.9 29 Sep 2026)"

// openssl runs one of its commands.
func (k *kit) openssl(ctx context.Context, c *shell.Call) int {
	if len(c.Args) < 2 {
		fmt.Fprintln(c.Stderr, "openssl: without a command it prints its help, which is not simulated")
		return 1
	}
	o := &opensslCall{kit: k, call: c, args: c.Args[2:], command: c.Args[1]}
	switch o.command {
	case "version":
		fmt.Fprintln(c.Stdout, opensslVersion)
		return 0
	case "x509":
		return o.x509()
	case "pkey", "ec", "rsa":
		return o.pkey()
	case "s_client":
		return o.client(ctx)
	case "verify":
		return o.verify()
	case "dgst", "sha256":
		return o.digest()
	}
	fmt.Fprintf(c.Stderr, "Invalid command '%s'; type \"help\" for a list.\n", o.command)
	return 1
}

// opensslCall is one run: its options have one dash and are read in order.
type opensslCall struct {
	kit     *kit
	call    *shell.Call
	command string
	args    []string
	given   options
}

// read reads the options; values are those that take one. rest are the arguments.
func (o *opensslCall) read(flags, values string) (rest []string, ok bool) {
	in := func(list, name string) bool { return strings.Contains(" "+list+" ", " "+name+" ") }
	for i := 0; i < len(o.args); i++ {
		name, isOption := strings.CutPrefix(o.args[i], "-")
		switch {
		case !isOption:
			rest = append(rest, o.args[i])
		case in(flags, name):
			o.given = append(o.given, option{name, ""})
		case in(values, name) && i+1 < len(o.args):
			i++
			o.given = append(o.given, option{name, o.args[i]})
		case in(values, name):
			fmt.Fprintf(o.call.Stderr, "%s: Option -%s needs a value\n%s: Use -help for summary.\n", o.command, name, o.command)
			return nil, false
		default:
			fmt.Fprintf(o.call.Stderr, "%s: Unknown option or message digest: %s\n%s: Use -help for summary.\n", o.command, name, o.command)
			return nil, false
		}
	}
	return rest, true
}

// input is the content of -in, or of standard input.
func (o *opensslCall) input(what string) ([]byte, bool) {
	if !o.given.has("in") {
		b, err := io.ReadAll(o.call.Stdin)
		return b, err == nil
	}
	name := o.given.value("in")
	b, err := o.call.ReadFile(name)
	if err != nil {
		fmt.Fprintf(o.call.Stderr, "Could not open file or uri for loading %s from %s: %s\n", what, name, shell.Reason(err))
		return nil, false
	}
	return b, true
}

func (o *opensslCall) source() string {
	if o.given.has("in") {
		return o.given.value("in")
	}
	return "<stdin>"
}

// pkey prints the public half of a private key.
func (o *opensslCall) pkey() int {
	if _, ok := o.read("pubout noout check pubin text_pub", "in passin out"); !ok {
		return 1
	}
	b, ok := o.input("private key of key")
	if !ok {
		return 1
	}
	key := privateKey(b)
	if key == nil {
		fmt.Fprintf(o.call.Stderr, "Could not find private key of key from %s\n", o.source())
		return 1
	}
	for _, flag := range []string{"out", "pubin", "text_pub"} {
		if o.given.has(flag) {
			fmt.Fprintf(o.call.Stderr, "%s: the option -%s is not simulated\n", o.command, flag)
			return 1
		}
	}
	if o.given.has("check") {
		fmt.Fprintln(o.call.Stdout, "Key is valid")
	}
	switch {
	case o.given.has("noout"):
	case o.given.has("pubout"):
		return printPublic(o.call, key.Public())
	default:
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return 1
		}
		_ = pem.Encode(o.call.Stdout, &pem.Block{Type: "PRIVATE KEY", Bytes: der}) // a reader that is gone ends the process
	}
	return 0
}

func printPublic(c *shell.Call, key any) int {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return 1
	}
	_ = pem.Encode(c.Stdout, &pem.Block{Type: "PUBLIC KEY", Bytes: der}) // likewise
	return 0
}

// privateKey is the first private key of a PEM text, nil when there is none that is not encrypted.
func privateKey(b []byte) crypto.Signer {
	for {
		var block *pem.Block
		if block, b = pem.Decode(b); block == nil {
			return nil
		}
		var key any
		var err error
		switch block.Type {
		case "PRIVATE KEY":
			key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		case "EC PRIVATE KEY":
			key, err = x509.ParseECPrivateKey(block.Bytes)
		case "RSA PRIVATE KEY":
			key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		default:
			continue
		}
		if s, ok := key.(crypto.Signer); ok && err == nil {
			return s
		}
	}
}

// certificates are those of a PEM text.
func certificates(b []byte) []*x509.Certificate {
	var out []*x509.Certificate
	for {
		var block *pem.Block
		if block, b = pem.Decode(b); block == nil {
			return out
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			out = append(out, c)
		}
	}
}

// digest prints the SHA-256 of files or of standard input.
func (o *opensslCall) digest() int {
	files, ok := o.read("sha256 r", "")
	if !ok {
		return 1
	}
	if len(files) == 0 {
		files = []string{"-"}
	}
	status := 0
	for _, f := range files {
		name := f
		var b []byte
		var err error
		if f == "-" {
			name = "stdin"
			b, err = io.ReadAll(o.call.Stdin)
		} else {
			b, err = o.call.ReadFile(f)
		}
		if err != nil {
			fmt.Fprintf(o.call.Stderr, "Can't open \"%s\" for reading, %s\n", f, shell.Reason(err))
			status = 1
			continue
		}
		if o.given.has("r") {
			fmt.Fprintf(o.call.Stdout, "%x *%s\n", sha256.Sum256(b), name)
			continue
		}
		fmt.Fprintf(o.call.Stdout, "SHA2-256(%s)= %x\n", name, sha256.Sum256(b))
	}
	return status
}

// verify checks certificates against those of -CAfile.
func (o *opensslCall) verify() int {
	files, ok := o.read("", "CAfile untrusted verify_hostname purpose")
	if !ok {
		return 1
	}
	pool := x509.NewCertPool()
	if ca := o.given.value("CAfile"); ca != "" {
		b, err := o.call.ReadFile(ca)
		if err != nil {
			fmt.Fprintf(o.call.Stderr, "Could not open file or uri for loading certs of CAfile from %s: %s\n", ca, shell.Reason(err))
			return 1
		}
		for _, c := range certificates(b) {
			pool.AddCert(c)
		}
	}
	between := x509.NewCertPool()
	if name := o.given.value("untrusted"); name != "" {
		b, err := o.call.ReadFile(name)
		if err != nil {
			return 1
		}
		for _, c := range certificates(b) {
			between.AddCert(c)
		}
	}
	status := 0
	for _, f := range files {
		b, err := o.call.ReadFile(f)
		list := certificates(b)
		if err != nil || len(list) == 0 {
			why := "Could not find certificate from " + f
			if err != nil {
				why = fmt.Sprintf("Could not open file or uri for loading certificate file from %s: %s", f, shell.Reason(err))
			}
			fmt.Fprintf(o.call.Stderr, "%s\nUnable to load certificate file\n", why)
			status = 2
			continue
		}
		if n, why := o.check(list[0], pool, between); n != 0 {
			fmt.Fprintf(o.call.Stderr, "%s\nerror %d at 0 depth lookup: %s\nerror %s: verification failed\n", nameOf(list[0].Subject), n, why, f)
			status = 2
			continue
		}
		fmt.Fprintf(o.call.Stdout, "%s: OK\n", f)
	}
	return status
}

// check is OpenSSL's number and words for what is wrong with a certificate, 0 for nothing.
func (o *opensslCall) check(cert *x509.Certificate, roots, between *x509.CertPool) (int, string) {
	clock := now(o.call)
	_, err := cert.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: clock, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}, DNSName: o.given.value("verify_hostname")})
	var host x509.HostnameError
	switch {
	case err == nil:
		return 0, "ok"
	case errors.As(err, &host):
		return 62, "hostname mismatch"
	case clock.After(cert.NotAfter):
		return 10, "certificate has expired"
	case clock.Before(cert.NotBefore):
		return 9, "certificate is not yet valid"
	case string(cert.RawIssuer) == string(cert.RawSubject):
		return 18, "self-signed certificate"
	}
	return 20, "unable to get local issuer certificate"
}

// keyWords are OpenSSL's name of a key's kind, its curve and its size in bits.
func keyWords(key any) (kind, curve string, bits int) {
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		name := map[string]string{"P-256": "prime256v1", "P-384": "secp384r1", "P-521": "secp521r1"}[key.Params().Name]
		return "id-ecPublicKey", name, key.Params().BitSize
	case *rsa.PublicKey:
		return "rsaEncryption", "", key.N.BitLen()
	case ed25519.PublicKey:
		return "ED25519", "", 253
	}
	return "unknown", "", 0
}
