package probes

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// parseStat reads `show stat`: CSV whose first line names the columns, which are never taken by their place. Frontends
// are left out.
func parseStat(body []byte) ([]HAProxyBackend, error) {
	if !bytes.HasPrefix(bytes.TrimSpace(body), []byte("# pxname,")) {
		return nil, errors.New("it is no table of statistics (" + firstWords(body) + ")")
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimSpace(body)))
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	rows, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("the statistics break off: %w", err)
	}
	columns := map[string]int{}
	for i, name := range rows[0] {
		name = strings.TrimPrefix(name, "# ")
		if _, twice := columns[name]; !twice {
			columns[name] = i
		}
	}
	for _, need := range []string{"svname", "status", "type"} {
		if _, ok := columns[need]; !ok {
			return nil, errors.New("the statistics have no column " + need)
		}
	}
	out := []HAProxyBackend{}
	at := map[string]int{}
	for _, row := range rows[1:] {
		get := func(name string) string {
			if i, ok := columns[name]; ok && i < len(row) {
				return row[i]
			}
			return ""
		}
		kind, name := get("type"), line(get("pxname"))
		if kind != "1" && kind != "2" || name == "" {
			continue // a frontend or a socket
		}
		i, known := at[name]
		if !known {
			i = len(out)
			at[name] = i
			out = append(out, HAProxyBackend{Name: name, UpNodes: []string{}, Servers: []HAProxyServer{}})
		}
		b := &out[i]
		if kind == "2" {
			b.Servers = append(b.Servers, parseServer(get))
			continue
		}
		b.Status, b.Sessions, b.Queued, b.Errors = line(get("status")), statNumber(get("scur")), statNumber(get("qcur")), int64(statNumber(get("econ")))
	}
	for i := range out {
		b := &out[i]
		for _, s := range b.Servers {
			if s.Up {
				b.UpNodes = append(b.UpNodes, s.Name)
			}
		}
		// A backend without checks says UP although it has no server; what matters is whether clients get somewhere.
		b.Up = strings.HasPrefix(b.Status, "UP") && (len(b.UpNodes) > 0 || len(b.Servers) == 0)
	}
	return out, nil
}

// parseServer reads one server's row. "UP 1/3" is up and about to go down, "DOWN 1/2" down and about to come up; "no
// check" is a server that is taken for up; "MAINT (via x/y)" follows another one.
func parseServer(get func(string) string) HAProxyServer {
	status := line(get("status"))
	word, _, _ := strings.Cut(status, " ")
	s := HAProxyServer{
		Name: line(get("svname")), Status: word, Sessions: statNumber(get("scur")), Changed: float64(statNumber(get("lastchg"))),
		Downs: int64(statNumber(get("chkdown"))), LastCheck: line(get("last_chk")),
		// "* " in front says that a check runs just now.
		Check: line(strings.TrimPrefix(get("check_status"), "* ")),
	}
	if status == "no check" {
		s.Status = status
	}
	s.Up = word == "UP" || status == "no check"
	s.Maintenance = word == "MAINT" || word == "DRAIN"
	// Checks that are no HTTP say 0.
	if code, err := strconv.Atoi(get("check_code")); err == nil && code > 0 {
		s.CheckCode = &code
	}
	s.address = get("addr")
	return s
}

func statNumber(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

var versionOnPage = regexp.MustCompile(`HAProxy version ([0-9][0-9A-Za-z.+~-]{0,40})`)

// pageVersion finds the version on the page for people; empty when `stats hide-version` keeps it.
func pageVersion(body []byte) string {
	if m := versionOnPage.FindSubmatch(body); m != nil {
		return line(string(m[1]))
	}
	return ""
}
