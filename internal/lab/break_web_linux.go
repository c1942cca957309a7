package lab

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"recon/internal/fault"
)

func webRecipes() map[string]recipe {
	day := 24 * time.Hour
	expiring := func(c *x509.Certificate) { c.NotAfter = time.Now().Add(5*day + time.Hour) }
	expired := func(c *x509.Certificate) { c.NotBefore, c.NotAfter = time.Now().Add(-90*day), time.Now().Add(-day) }
	another := func(c *x509.Certificate) {
		c.Subject.CommonName, c.DNSNames, c.IPAddresses = "netbox.other.example", []string{"netbox.other.example"}, nil
	}
	return map[string]recipe{
		fault.CertExpiring: {serve("5 days left", expiring), ownCertificate},
		fault.CertExpired:  {serve("no days left", expired), ownCertificate},
		fault.CertMismatch: {serve("another name", another), ownCertificate},
	}
}

const certificate, certificateKey = "/etc/nginx/certs/netbox.pem", "/etc/nginx/certs/netbox.key"

// serve is an injection: the web proxy gets a certificate for its own key that is its own but for one thing.
func serve(what string, change func(*x509.Certificate)) func(context.Context, *scene) error {
	return func(ctx context.Context, s *scene) error {
		chosen, err := s.every()
		if err != nil {
			return err
		}
		err = s.each(chosen, func(g guest) error {
			now, err := g.run(ctx, "cat", certificate)
			if err != nil {
				return err
			}
			key, err := g.run(ctx, "cat", certificateKey)
			if err != nil {
				return err
			}
			spoilt, err := resign([]byte(now), []byte(key), change)
			if err != nil {
				return &Error{What: "the certificate of " + g.name, Err: err}
			}
			_, err = g.feed(ctx, string(spoilt), "bash", "-euc",
				`[ -e "$1.own" ] || cp --preserve "$1" "$1.own"; cat >"$1"; systemctl reload nginx`, "bash", certificate)
			return err
		})
		s.say("the web proxy on %s serves a certificate with %s", strings.Join(s.hosts, ", "), what)
		return err
	}
}

func ownCertificate(ctx context.Context, s *scene) error {
	return s.each(s.where(), func(g guest) error {
		_, err := g.sh(ctx, `
[ -e "$1.own" ] || exit 0
mv "$1.own" "$1"
! systemctl is-active --quiet nginx || systemctl reload nginx`, certificate)
		return err
	})
}

// resign makes a certificate again, self-signed with its own key, with one change.
func resign(certificate, key []byte, change func(*x509.Certificate)) ([]byte, error) {
	block, _ := pem.Decode(certificate)
	if block == nil {
		return nil, errors.New("it is not PEM")
	}
	old, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, err
	}
	signer, err := parseKey(key)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	next := &x509.Certificate{
		SerialNumber: serial, Subject: old.Subject, NotBefore: time.Now().Add(-time.Hour), NotAfter: old.NotAfter,
		DNSNames: old.DNSNames, IPAddresses: old.IPAddresses, KeyUsage: old.KeyUsage, ExtKeyUsage: old.ExtKeyUsage,
		BasicConstraintsValid: old.BasicConstraintsValid, IsCA: old.IsCA,
	}
	change(next)
	der, err := x509.CreateCertificate(rand.Reader, next, next, signer.Public(), signer)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: der})
	return out.Bytes(), err
}

// parseKey reads a private key in any of the forms that openssl writes.
func parseKey(text []byte) (crypto.Signer, error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if k, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
			if signer, ok := k.(crypto.Signer); ok {
				return signer, nil
			}
		}
		if k, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
			return k, nil
		}
		if k, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
			return k, nil
		}
	}
	return nil, fmt.Errorf("%s holds no private key", certificateKey)
}
