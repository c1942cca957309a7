package probes

import (
	"crypto/x509"
	"maps"
	"time"

	"recon/internal/inventory"
)

func assembleWeb(c *inventory.Cluster, r raw, m moment) Web {
	out := Web{Members: []WebMember{}}
	if c.Web == nil {
		out.Unseen = "the cluster file names no web proxy"
		return out
	}
	nodes := running(c, c.Web.On)
	out.Answered, out.Unseen = census("web proxy", names(nodes), r.web, m)
	for _, n := range nodes {
		a := r.web[n.Name]
		member := WebMember{Node: n.Name, Seen: a.seen(m), Code: a.fact.code, Server: a.fact.server, Unread: map[string]string{}}
		maps.Copy(member.Unread, a.fact.unread)
		member.show(c, a.fact.served, m)
		member.compare(c, r.hosts[n.Name], a.fact.served, m)
		out.Members = append(out.Members, member)
	}
	return out
}

// show fills in what the served certificate says.
func (w *WebMember) show(c *inventory.Cluster, served *x509.Certificate, m moment) {
	if served == nil {
		w.blind("the proxy serves no certificate", "certificate_days", "certificate_names", "certificate_issuer",
			"certificate_self_signed", "certificate_fingerprint", "certificate_matches")
		return
	}
	w.CertificateDays, w.CertificateNames = daysLeft(served, m), certificateNames(served)
	w.CertificateIssuer, w.CertificateSelf, w.CertificatePrint = issuer(served), selfSigned(served), fingerprint(served)
	host := aimedAt(c)
	if host == "" {
		w.blind("the cluster file gives no url of NetBox", "certificate_matches")
		return
	}
	w.CertificateMatches = served.VerifyHostname(host) == nil
}

// compare fills in what the certificate file on the host says, which is read over ssh.
func (w *WebMember) compare(c *inventory.Cluster, host answer[hostFacts], served *x509.Certificate, m moment) {
	fields := []string{"file_days", "file_served", "file_key_matches"}
	file := host.fact.certificate
	switch {
	case c.Web.Certificate == "":
		w.blind("the cluster file names no certificate file", fields...)
		return
	case !host.fresh(m):
		w.blind(either(host.seen(m).Blind("hostname"), neverAsked), fields...)
		return
	case file == nil:
		w.blind("the host does not tell its certificate file", fields...)
		return
	case file.certificate == nil:
		w.blind(file.why, fields...)
		return
	}
	w.FileDays = daysLeft(file.certificate, m)
	switch {
	case served == nil:
		w.blind("the proxy serves no certificate", "file_served")
	default:
		w.FileServed = file.certificate.Equal(served)
	}
	if file.key == nil {
		w.blind(file.whyKey, "file_key_matches")
		return
	}
	w.FileKeyMatches = ofKey(file.certificate, file.key)
}

func (w *WebMember) blind(why string, fields ...string) {
	for _, f := range fields {
		w.Unread[f] = why
	}
}

func daysLeft(c *x509.Certificate, m moment) float64 {
	return c.NotAfter.Sub(m.now).Seconds() / (24 * time.Hour).Seconds()
}
