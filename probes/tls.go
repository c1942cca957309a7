package probes

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"recon/internal/inventory"
)

// tlsConfig is what the cluster file says of a service's certificate; nil for a service in plain text. Without a CA file
// the system's authorities are asked. name is what the certificate must be for when the file does not say.
func tlsConfig(t inventory.TLS, scheme, name string) (*tls.Config, error) {
	if scheme != "https" {
		return nil, nil
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: either(t.ServerName, name)}
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, fmt.Errorf("read the certificate authority: %w", err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read the certificate authority: %s holds no certificate", t.CA)
		}
	}
	if t.Cert != "" || t.Key != "" {
		pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, fmt.Errorf("read the client certificate: %w", err)
		}
		conf.Certificates = []tls.Certificate{pair}
	}
	return conf, nil
}
