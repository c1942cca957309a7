package probes

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// fileFacts is what a host tells of the certificate file of the cluster file: public parts only.
type fileFacts struct {
	certificate *x509.Certificate
	// why says why there is no certificate; key is the public key of the key file, nil with whyKey.
	why    string
	key    []byte
	whyKey string
}

// parseCertificateFile reads the section that certificateScript prints: the blocks of the certificate and of the key
// file's public key, or one word instead of each. The first certificate of a file is the server's own.
func parseCertificateFile(body string) *fileFacts {
	out := &fileFacts{why: "the file holds no certificate", whyKey: "no key file that the ssh user may read is known"}
	for rest := []byte(body); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		switch {
		case block.Type == "CERTIFICATE" && out.certificate == nil:
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				out.why = "the certificate in the file is not readable: " + line(err.Error())
				break
			}
			out.certificate, out.why = c, ""
		case block.Type == "PUBLIC KEY" && out.key == nil:
			out.key, out.whyKey = block.Bytes, ""
		}
	}
	if out.certificate == nil {
		switch firstLine(body) {
		case "closed":
			out.why = "the certificate file may not be read by the ssh user"
		case "missing":
			out.why = "there is no such certificate file, or its folder is closed to the ssh user"
		}
	}
	return out
}

// ofKey says whether a certificate belongs to a public key.
func ofKey(c *x509.Certificate, key []byte) bool { return bytes.Equal(c.RawSubjectPublicKeyInfo, key) }

// certificateNames are the names and addresses that a certificate is for.
func certificateNames(c *x509.Certificate) []string {
	out := []string{}
	for _, n := range c.DNSNames {
		out = append(out, line(n))
	}
	for _, a := range c.IPAddresses {
		out = append(out, a.String())
	}
	const most = 100
	return out[:min(len(out), most)]
}

// issuer is who signed a certificate, by common name where there is one.
func issuer(c *x509.Certificate) string { return line(either(c.Issuer.CommonName, c.Issuer.String())) }

// selfSigned says whether a certificate is signed with its own key.
func selfSigned(c *x509.Certificate) bool {
	if !bytes.Equal(c.RawIssuer, c.RawSubject) {
		return false
	}
	err := c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature)
	var old x509.InsecureAlgorithmError
	return err == nil || errors.As(err, &old)
}

func fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

// browsed makes a request name the host of NetBox's url, as a browser does, and lets its connection end with it.
func browsed(u *url.URL) func(*http.Request) {
	return func(r *http.Request) {
		r.Close = true
		if u.Host != "" {
			r.Host = u.Host
		}
	}
}

func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return strings.TrimSpace(address)
	}
	return host
}
