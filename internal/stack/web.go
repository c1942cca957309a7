package stack

import (
	"fmt"
	"math"

	"recon/probes"
)

// A certificate is renewed when it has 30 days left, by those who do it by machine and by most calendars: with less, a
// renewal has failed once. With less than a week there is no time for a second try by hand at a certificate authority.
const certWarn, certBad = 30, 7 // days

func (s Sight) web(node string) Cell {
	m, found := one(s.Web.Members, func(m probes.WebMember) bool { return m.Node == node })
	if !found {
		return Cell{Node: node}
	}
	c, ok := s.silent(node, m.Seen)
	if !ok {
		return c
	}
	told := func(field string) bool { return m.Blind(field) == "" }
	dated := told("certificate_days")
	left := int(math.Floor(m.CertificateDays))
	cert := fmt.Sprintf("cert %d d", left)
	switch {
	case !told("code"):
		return c.untold("page")
	case m.Code >= 500:
		return c.bad(fmt.Sprintf("NetBox %d", m.Code), "")
	case dated && m.CertificateDays <= 0:
		return c.bad("cert has ended", Plural(-left, "day")+" ago")
	case dated && m.CertificateDays < certBad:
		c = c.bad(cert, "")
	case m.Code >= 400:
		return c.warn(fmt.Sprintf("NetBox %d", m.Code), "")
	case told("certificate_matches") && !m.CertificateMatches:
		return c.warn("cert: other name", "")
	case told("file_key_matches") && !m.FileKeyMatches:
		return c.warn("cert: other key", "")
	case told("file_served") && !m.FileServed:
		return c.warn("cert not loaded", "")
	case dated && m.CertificateDays < certWarn:
		c = c.warn(cert, "")
	case dated:
		c = c.good(cert, "")
	default:
		return c.good("answers", fmt.Sprint(m.Code))
	}
	c.Kind = "cert"
	return c
}
