package tools

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
)

// client is s_client: it connects, prints what it saw, and sends standard input until its end.
func (o *opensslCall) client(ctx context.Context) int {
	rest, ok := o.read("showcerts brief quiet ign_eof no_ign_eof", "connect servername CAfile verify_hostname starttls alpn")
	if !ok {
		return 1
	}
	for _, flag := range []string{"starttls", "alpn", "brief"} {
		if o.given.has(flag) {
			fmt.Fprintf(o.call.Stderr, "s_client: the option -%s is not simulated\n", flag)
			return 1
		}
	}
	to := o.given.value("connect")
	if to == "" && len(rest) > 0 {
		to = rest[0]
	}
	host, port, err := net.SplitHostPort(either(to, "localhost:4433"))
	if err != nil {
		fmt.Fprintf(o.call.Stderr, "s_client: -connect argument or target parameter malformed or ambiguous\n")
		return 1
	}
	ip := o.kit.resolve(o.call, host)
	if ip == "" {
		fmt.Fprint(o.call.Stderr, "40B72587D97F0000:error:10080002:BIO routines:BIO_lookup_ex:system lib:../crypto/bio/bio_addr.c:772:Temporary failure in name resolution\nconnect:errno=11\n")
		return 1
	}
	conn, err := o.kit.dial(ctx, o.call, net.JoinHostPort(ip, port))
	if err != nil {
		var no syscall.Errno
		errors.As(err, &no)
		fmt.Fprintf(o.call.Stderr, "40A7972E3C7F0000:error:8000006F:system library:BIO_connect:%s:../crypto/bio/bio_sock2.c:183:calling connect()\n"+
			"40A7972E3C7F0000:error:10000067:BIO routines:BIO_connect:connect error:../crypto/bio/bio_sock2.c:185:\nconnect:errno=%d\n", reason(no), int(no))
		return 1
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	fmt.Fprintf(o.call.Stderr, "Connecting to %s\n", ip)
	name := host
	if o.given.has("servername") {
		name = o.given.value("servername")
	} else if net.ParseIP(host) != nil {
		name = ""
	}
	// What is wrong with the certificate is printed, not refused.
	secure := tls.Client(conn, &tls.Config{ServerName: name, InsecureSkipVerify: true})
	if err := secure.HandshakeContext(ctx); err != nil {
		fmt.Fprint(o.call.Stdout, "CONNECTED(00000003)\n")
		fmt.Fprint(o.call.Stderr, "40A7972E3C7F0000:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:../ssl/record/methods/tlsany_meth.c:84:\n")
		fmt.Fprint(o.call.Stdout, "---\nno peer certificate available\n---\nNo client certificate CA names sent\n---\nSSL handshake has read 5 bytes and written 1556 bytes\nVerification: OK\n---\nNew, (NONE), Cipher is (NONE)\nProtocol: TLSv1.3\nThis TLS version forbids renegotiation.\nCompression: NONE\nExpansion: NONE\nNo ALPN negotiated\nEarly data was not sent\nVerify return code: 0 (ok)\n---\n")
		return 1
	}
	o.session(secure.ConnectionState())
	return o.talk(secure)
}

// session prints what a handshake told.
func (o *opensslCall) session(s tls.ConnectionState) {
	out := o.call.Stdout
	cert := s.PeerCertificates[0]
	roots := x509.NewCertPool()
	if b, err := o.call.ReadFile(o.given.value("CAfile")); o.given.has("CAfile") && err == nil {
		for _, c := range certificates(b) {
			roots.AddCert(c)
		}
	}
	number, why := o.check(cert, roots, x509.NewCertPool())
	fmt.Fprintf(o.call.Stderr, "depth=0 %s\n", nameOf(cert.Subject))
	if number != 0 {
		fmt.Fprintf(o.call.Stderr, "verify error:num=%d:%s\nverify return:1\ndepth=0 %s\n", number, why, nameOf(cert.Subject))
	}
	fmt.Fprintln(o.call.Stderr, "verify return:1")
	fmt.Fprint(out, "CONNECTED(00000003)\n---\nCertificate chain\n")
	_, curve, bits := keyWords(cert.PublicKey)
	kind := "RSA"
	if curve != "" {
		kind = "EC"
	}
	for i, c := range s.PeerCertificates {
		fmt.Fprintf(out, " %d s:%s\n   i:%s\n   a:PKEY: %s, (%s); sigalg: %s\n   v:NotBefore: %s; NotAfter: %s\n", i, nameOf(c.Subject), nameOf(c.Issuer), kind, either(curve, fmt.Sprint(bits)),
			map[bool]string{true: "ecdsa-with-SHA256", false: "sha256WithRSAEncryption"}[curve != ""], c.NotBefore.UTC().Format(opensslTime), c.NotAfter.UTC().Format(opensslTime))
		if o.given.has("showcerts") {
			_ = pem.Encode(out, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}) // a reader that is gone ends the process
		}
	}
	fmt.Fprint(out, "---\nServer certificate\n")
	if !o.given.has("showcerts") {
		_ = pem.Encode(out, &pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}) // likewise
	}
	version := map[uint16]string{tls.VersionTLS13: "TLSv1.3", tls.VersionTLS12: "TLSv1.2"}[s.Version]
	verified := "Verification: OK"
	if number != 0 {
		verified = "Verification error: " + why
	}
	fmt.Fprintf(out, "subject=%s\nissuer=%s\n---\nNo client certificate CA names sent\n---\nSSL handshake has read %d bytes and written 1640 bytes\n%s\n---\n",
		nameOf(cert.Subject), nameOf(cert.Issuer), len(cert.Raw)+1462, verified)
	fmt.Fprintf(out, "New, %s, Cipher is %s\nProtocol: %s\nServer public key is %d bit\nThis TLS version forbids renegotiation.\nCompression: NONE\nExpansion: NONE\nNo ALPN negotiated\nEarly data was not sent\nVerify return code: %d (%s)\n---\n",
		version, tls.CipherSuiteName(s.CipherSuite), version, bits, number, why)
}

// talk sends standard input and prints what comes back.
func (o *opensslCall) talk(conn *tls.Conn) int {
	in, err := io.ReadAll(o.call.Stdin)
	if err != nil {
		return 1
	}
	if strings.TrimSpace(string(in)) == "" || strings.HasPrefix(string(in), "Q\n") {
		fmt.Fprintln(o.call.Stderr, "DONE")
		return 0
	}
	if _, err := conn.Write(in); err != nil {
		return 1
	}
	if !o.given.has("ign_eof") && !o.given.has("quiet") {
		fmt.Fprintln(o.call.Stderr, "DONE")
		return 0
	}
	_, _ = io.Copy(o.call.Stdout, conn) // until the server ends
	return 0
}
