package probes

import (
	"strconv"
	"strings"
)

// follow takes the leader's word for who streams from it where the agent does not say it itself: before 3.0.4 a healthy
// replica reports just "running" (Patroni's release notes).
func (p *Patroni) follow(agents []agent) {
	if p.Leader == nil {
		return
	}
	for i := range agents {
		m := &agents[i].member
		if !agents[i].fresh || m.Primary || m.State != "running" || !before(m.Version, 3, 0, 4) {
			continue
		}
		for _, f := range p.Leader.Followers {
			if f.Name == m.Name {
				m.State = f.State
			}
		}
	}
}

// before says whether a version like 3.0.2 is lower than another one; one that is not understood is not.
func before(version string, other ...int) bool {
	parts := strings.Split(version, ".")
	for i, o := range other {
		n := 0
		if i < len(parts) {
			digits := parts[i]
			if end := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' }); end >= 0 {
				digits = digits[:end] // 3rc1
			}
			var err error
			if n, err = strconv.Atoi(digits); err != nil {
				return false
			}
		}
		if n != o {
			return n < o
		}
	}
	return false
}
