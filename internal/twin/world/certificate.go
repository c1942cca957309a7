package world

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"time"
)

const certificateKey = "/etc/nginx/certs/netbox.key"

// CertificateKind is what is wrong with a certificate.
type CertificateKind string

// The kinds of certificates. Good has a year left.
const (
	Good      CertificateKind = "good"
	Expiring  CertificateKind = "expiring"
	Expired   CertificateKind = "expired"
	OtherName CertificateKind = "other name"
)

// NewCertificate makes a self-signed certificate of a key, in PEM, for a name and addresses.
func NewCertificate(key *ecdsa.PrivateKey, now time.Time, kind CertificateKind) (string, error) {
	c := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), NotBefore: now.Add(-24 * time.Hour), NotAfter: now.AddDate(1, 0, 0),
		DNSNames: []string{ServerName}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	c.Subject.CommonName = ServerName
	const day = 24 * time.Hour
	switch kind {
	case Expiring:
		c.NotAfter = now.Add(5*day + time.Hour)
	case Expired:
		c.NotBefore, c.NotAfter = now.Add(-90*day), now.Add(-day)
	case OtherName:
		c.Subject.CommonName, c.DNSNames = "netbox.other.example", []string{"netbox.other.example"}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), nil
}

// newKey is a private key in PEM that belongs to nothing.
func newKey() (string, error) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalPKCS8PrivateKey(k)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), err
}

// resign makes a certificate again with its own key and something wrong.
func resign(keyPEM string, now time.Time, kind CertificateKind) (string, error) {
	block, _ := pem.Decode([]byte(keyPEM))
	if block == nil {
		return "", errors.New("the key of the web proxy is not PEM")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return "", err
	}
	k, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return "", errors.New("the key of the web proxy is not ECDSA")
	}
	return NewCertificate(k, now, kind)
}
