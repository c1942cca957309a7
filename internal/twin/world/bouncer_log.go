package world

import (
	"fmt"
	"time"
)

// log is a line of PgBouncer's own log: time, process, level.
func (b *Bouncer) log(h *Host, format string, args ...any) {
	pid := 0
	if u := h.Unit(BouncerUnit); u != nil {
		pid = u.PID
	}
	h.Log(BouncerUnit, 6, "%s [%d] %s", h.Clock().UTC().Format("2006-01-02 15:04:05.000 UTC"), pid, fmt.Sprintf(format, args...))
}

// complain logs how a login failed, as `log_pooler_errors` has it; the same again only after some seconds.
func (w *World) complain(h *Host, why, database, user string, from *Host) {
	b := h.Bouncer
	if b == nil || !b.Running || w.now.Sub(b.complained[why]) < 5*time.Second {
		return
	}
	if b.complained == nil {
		b.complained = map[string]time.Time{}
	}
	b.complained[why] = w.now
	upstream := ""
	if p := b.Databases[database]; p != nil {
		upstream = p.Upstream
	}
	client := fmt.Sprintf("C-0x55c76b4cc780: %s/%s@%s:%d", database, user, from.IP, 41472+w.pid%8000)
	server := fmt.Sprintf("S-0x55c76b4d1a40: %s/%s@%s", database, user, upstream)
	closing := func(text string) {
		b.log(h, "LOG %s closing because: %s (age=0s)", client, text)
		b.log(h, "WARNING %s pooler error: %s", client, text)
	}
	switch why {
	case NoSuchDatabase:
		client = fmt.Sprintf("C-0x55c76b4cc780: (nodb)/%s@%s:%d", user, from.IP, 41472+w.pid%8000)
		closing("no such database: " + database)
	case WrongPassword:
		closing("SASL authentication failed")
	case ServerRefuses:
		b.log(h, "WARNING %s server login failed: FATAL password authentication failed for user %q", server, user)
		b.log(h, "LOG %s closing because: login failed (age=0s)", server)
	case NoServer:
		b.log(h, "LOG %s closing because: connect failed (age=0s)", server)
		closing("server login has been failing, cached error: connect failed (server_login_retry)")
	case MustWait:
		if p := b.Databases[database]; p != nil && p.Waiting > 0 && w.now.Sub(p.WaitSince) >= time.Minute {
			closing("query_wait_timeout")
		}
	}
}
