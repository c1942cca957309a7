package tools

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"recon/internal/twin/shell"
	"recon/internal/twin/world"
)

// kernelUnit is the unit under which the world keeps what the kernel says.
const kernelUnit = "kernel"

// line is an entry and the process that wrote it.
type line struct {
	world.Entry
	ident string
	pid   int
	text  string
}

// query says which lines are wanted.
type query struct {
	units        []string
	idents       []string
	since, until time.Time
	first, last  int // priorities
	limited      bool
	kernel       bool
	boot         bool
	grep         *regexp.Regexp
	// lines is how many at most, the newest; 0 is all.
	lines  int
	format string
	after  int // the number of entries that were seen already
}

// manager matches what systemd itself says of a unit.
var manager = regexp.MustCompile(`^(Starting|Started|Stopping|Stopped|Reloading|Reloaded|Finished|Failed to start) \S+\.(service|timer|socket)|^\S+\.service: `)

var (
	agentLine    = regexp.MustCompile(`^(DEBUG|INFO|WARNING|ERROR|CRITICAL): `)
	databaseLine = regexp.MustCompile(`^(LOG|ERROR|FATAL|PANIC|WARNING|DETAIL|HINT|STATEMENT|CONTEXT): {2}`)
)

// written is an entry as its program wrote it. Patroni and PostgreSQL begin their lines with the time; the world keeps
// what follows.
func written(h *world.Host, e world.Entry) line {
	l := line{Entry: e, text: e.Text, ident: e.Unit}
	u := h.Unit(e.Unit)
	switch {
	case e.Unit == kernelUnit:
		return l
	case manager.MatchString(e.Text):
		l.ident, l.pid = "systemd", 1
		return l
	}
	if p, ok := programs[e.Unit]; ok {
		l.ident = either(p.ident, p.comm)
	}
	if u != nil {
		l.pid = u.PID
	}
	at := e.At.UTC()
	switch {
	case e.Unit != world.PatroniUnit:
	case databaseLine.MatchString(e.Text):
		if h.Postgres != nil && h.Postgres.PID != 0 {
			l.pid = h.Postgres.PID
		}
		l.text = fmt.Sprintf("%s UTC [%d] %s", at.Format("2006-01-02 15:04:05.000"), l.pid, e.Text)
	case agentLine.MatchString(e.Text):
		l.text = strings.Replace(at.Format("2006-01-02 15:04:05.000"), ".", ",", 1) + " " + e.Text
	}
	return l
}

// find are the wanted lines, oldest first. The world's lock is held.
func (q *query) find(h *world.Host) []line {
	var out []line
	for i, e := range h.Journal {
		if i < q.after || !q.wants(h, e) {
			continue
		}
		l := written(h, e)
		switch {
		case len(q.idents) > 0 && !slices.Contains(q.idents, l.ident):
		case q.grep != nil && !q.grep.MatchString(l.text):
		default:
			out = append(out, l)
		}
	}
	if q.lines > 0 && len(out) > q.lines {
		out = out[len(out)-q.lines:]
	}
	return out
}

func (q *query) wants(h *world.Host, e world.Entry) bool {
	switch {
	case q.kernel != (e.Unit == kernelUnit) && q.kernel:
		return false
	case q.boot && e.At.Before(h.Booted.Add(h.Offset)):
		return false
	case !q.since.IsZero() && e.At.Before(q.since), !q.until.IsZero() && e.At.After(q.until):
		return false
	case q.limited && (e.Priority < q.first || e.Priority > q.last):
		return false
	case len(q.units) == 0:
		return true
	}
	return slices.ContainsFunc(q.units, func(u string) bool {
		name, kind := splitUnit(u)
		if real, ok := aliases[name]; ok {
			name = real
		}
		ok, err := path.Match(name, e.Unit)
		return kind == "service" && err == nil && ok
	})
}

// short is a line in one of the formats that begin with a time.
func (l line) short(h *world.Host, format string) string {
	at := l.At.UTC()
	var stamp string
	switch format {
	case "short":
		stamp = at.Format("Jan 02 15:04:05")
	case "short-precise":
		stamp = at.Format("Jan 02 15:04:05.000000")
	case "short-iso":
		stamp = at.Format("2006-01-02T15:04:05-07:00")
	case "short-iso-precise":
		stamp = at.Format("2006-01-02T15:04:05.000000-07:00")
	case "short-full", "with-unit":
		stamp = at.Format("Mon 2006-01-02 15:04:05 MST")
	case "short-unix":
		stamp = fmt.Sprintf("%d.%06d", at.Unix(), at.Nanosecond()/1000)
	}
	who := l.ident
	if format == "with-unit" && l.Unit != kernelUnit {
		who = l.Unit + ".service"
	}
	if l.pid != 0 {
		who += fmt.Sprintf("[%d]", l.pid)
	}
	// Further lines of one message are indented to below its first.
	head := fmt.Sprintf("%s %s %s: ", stamp, h.Name, who)
	return head + strings.ReplaceAll(l.text, "\n", "\n"+strings.Repeat(" ", len(head)))
}

// document is a line in the format json.
func (l line) document(h *world.Host) string {
	m := map[string]string{
		"__REALTIME_TIMESTAMP": fmt.Sprint(l.At.UnixMicro()), "_HOSTNAME": h.Name, "PRIORITY": fmt.Sprint(l.Priority), "MESSAGE": l.text,
		"SYSLOG_IDENTIFIER": l.ident, "_BOOT_ID": bootID(h),
	}
	if l.pid != 0 {
		m["_PID"] = fmt.Sprint(l.pid)
	}
	if l.Unit != kernelUnit {
		m["_SYSTEMD_UNIT"] = l.Unit + ".service"
	} else {
		m["_TRANSPORT"] = "kernel"
	}
	b, err := json.Marshal(m)
	if err != nil {
		return "{}"
	}
	return string(b)
}

// identifier is a stable one of 128 bits for some texts.
func identifier(of ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(of, "\x00")))
	return hex.EncodeToString(sum[:16])
}

func bootID(h *world.Host) string { return identifier("boot", h.Name, h.Booted.String()) }

// maySeeJournal says whether the call's user sees the lines of the system.
func maySeeJournal(c *shell.Call) bool {
	return c.User == "root" || member(c, "adm") || member(c, "systemd-journal")
}
