package lab

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"recon/internal/fault"
)

// The vocabulary says what a fault is, the lab how: neither may know one that the other does not.
func TestEveryFaultHasABreakAndAMend(t *testing.T) {
	all := recipes()
	for _, f := range fault.All() {
		if _, no := Refusals()[f.Name]; no {
			continue
		}
		r, ok := all[f.Name]
		if !ok || r.inject == nil || r.undo == nil {
			t.Errorf("the lab does not know how to make or undo %s", f.Name)
		}
		delete(all, f.Name)
	}
	for name := range all {
		t.Errorf("the lab makes %s, which the vocabulary lacks", name)
	}
}

func TestWhereAFaultIs(t *testing.T) {
	marked := []string{}
	s := &scene{args: []string{"netbox-node-2"}, mark: func(hosts ...string) error { marked = hosts; return nil }}
	chosen, err := s.every()
	if err != nil || len(chosen) != 1 || !slices.Equal(marked, []string{"netbox-node-2"}) {
		t.Errorf("a named host: %v, %v, marked %v", chosen, err, marked)
	}
	s.args = nil
	if chosen, err = s.every(); err != nil || len(chosen) != 3 || len(marked) != 3 {
		t.Errorf("no host: %v, %v, marked %v", chosen, err, marked)
	}
	for _, c := range []struct {
		hosts, want []string
	}{
		{nil, []string{"netbox-node-1", "netbox-node-2", "netbox-node-3"}},
		{[]string{"netbox-node-3", "netbox-node-1"}, []string{"netbox-node-1", "netbox-node-3"}},
		{[]string{consoleName}, []string{consoleName}},
	} {
		if got := hostNames((&scene{hosts: c.hosts}).where()); !slices.Equal(got, c.want) {
			t.Errorf("%v is at %v", c.hosts, got)
		}
	}
	if got, err := oneOf("netbox-node-3", "netbox-node-1"); err != nil || got != "netbox-node-2" {
		t.Errorf("one of the others is %q, %v", got, err)
	}
	if _, err := oneOf(hostNames(nodes())...); err == nil {
		t.Error("a node was found where none is left")
	}
}

func TestTheRecordKeepsFaults(t *testing.T) {
	l := &Lab{dir: t.TempDir(), name: "test"}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	r := record{Phase: "up", Faults: []ActiveFault{{Name: fault.Partition, Args: []string{"netbox-node-3"}, Hosts: []string{"netbox-node-3"}, Since: at}}}
	if err := l.writeRecord(r); err != nil {
		t.Fatal(err)
	}
	got, found := l.readRecord()
	if !found || len(got.Faults) != 1 || got.Faults[0].Name != fault.Partition || !slices.Equal(got.Faults[0].Hosts, []string{"netbox-node-3"}) || !got.Faults[0].Since.Equal(at) {
		t.Errorf("%+v", got)
	}
	s, err := l.Status(t.Context())
	if err != nil || len(s.Faults) != 1 {
		t.Errorf("the status shows %v, %v", s.Faults, err)
	}
}

func TestResign(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	small, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	form := func(kind string, der []byte, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	}
	ecDER, ecErr := x509.MarshalECPrivateKey(ec)
	pkcs8, pkcs8Err := x509.MarshalPKCS8PrivateKey(ec)
	own := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "netbox.lab.example"}, NotAfter: time.Now().Add(400 * 24 * time.Hour),
		DNSNames: []string{"netbox.lab.example"}, IPAddresses: []net.IP{net.IPv4(172, 16, 113, 205)},
	}
	der, err := x509.CreateCertificate(rand.Reader, own, own, ec.Public(), ec)
	certificate := form("CERTIFICATE", der, err)
	for name, key := range map[string][]byte{
		"EC": form("EC PRIVATE KEY", ecDER, ecErr), "PKCS 8": form("PRIVATE KEY", pkcs8, pkcs8Err),
		"RSA": form("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(small), nil),
	} {
		out, err := resign(certificate, key, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(5 * 24 * time.Hour) })
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		block, rest := pem.Decode(out)
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil || len(rest) > 0 {
			t.Fatalf("%s: %v, %d bytes more", name, err, len(rest))
		}
		if left := time.Until(c.NotAfter); left > 121*time.Hour || left < 119*time.Hour || c.VerifyHostname("netbox.lab.example") != nil {
			t.Errorf("%s: %s left, names %v", name, left, c.DNSNames)
		}
		if c.SerialNumber.Cmp(own.SerialNumber) == 0 || c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) != nil {
			t.Errorf("%s: it is the old one, or its signature is not its key's", name)
		}
	}
	for _, bad := range [][2]string{{"", string(certificate)}, {string(certificate), "no key"}, {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", ""}} {
		if _, err := resign([]byte(bad[0]), []byte(bad[1]), func(*x509.Certificate) {}); err == nil {
			t.Errorf("%.40q with the key %.20q is signed", strings.TrimSpace(bad[0]), bad[1])
		}
	}
}
