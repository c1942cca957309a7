package probes

import (
	"errors"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// parseHost reads what hostScript printed. A section that is missing or unreadable is not seen; an output without any
// section is an error.
func parseHost(out []byte, units []string) (hostFacts, error) {
	var f hostFacts
	known := 0
	for _, part := range strings.Split("\n"+string(out), "\n"+section)[1:] {
		name, body, _ := strings.Cut(part, "\n")
		body = strings.TrimSpace(body)
		known++
		switch strings.TrimSpace(name) {
		case "start":
			f.start = parseClock(body)
		case "end":
			f.end = parseClock(body)
		case "hostname":
			f.hostname = line(firstLine(body))
		case "load":
			f.load1 = number(field(body, 0))
		case "cpus":
			f.cpus = whole(number(firstLine(body)))
		case "memory":
			if kb := number(field(body, 1)); kb != nil {
				mb := *kb / 1024
				f.memoryMB = whole(&mb)
			}
		case "uptime":
			f.uptime = number(field(body, 0))
		case "addresses":
			f.addresses = parseAddresses(body)
		case "units":
			f.units, f.unitFiles = parseUnits(body, units)
		case "synced":
			if v, ok := strings.CutPrefix(firstLine(body), "NTPSynchronized="); ok {
				synced := v == "yes"
				f.synced = &synced
			}
		case "disk":
			if d, ok := parseDisk(body); ok {
				f.disks = append(f.disks, d)
			}
		case "patroni":
			f.scope, f.namespace = parsePatroniConfig(body)
		default:
			known--
		}
	}
	if known == 0 {
		return hostFacts{}, errors.New("the host's answer holds nothing that was asked: " + firstWords(out))
	}
	return f, nil
}

func firstLine(s string) string {
	l, _, _ := strings.Cut(s, "\n")
	return strings.TrimSpace(l)
}

// field is the nth word of the first line, or "".
func field(s string, n int) string {
	words := strings.Fields(firstLine(s))
	if n < len(words) {
		return words[n]
	}
	return ""
}

// number is a finite decimal number, or nil.
func number(s string) *float64 {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
		return nil
	}
	return &n
}

// whole is n without fraction, or nil when it is negative or does not fit.
func whole(n *float64) *int {
	if n == nil || *n < 0 || *n > math.MaxInt32 {
		return nil
	}
	i := int(*n)
	return &i
}

// parseClock reads seconds since 1970, with nanoseconds where date(1) knows them.
func parseClock(s string) *time.Time {
	sec, frac, _ := strings.Cut(firstLine(s), ".")
	whole, err := strconv.ParseInt(sec, 10, 64)
	if err != nil || whole < 0 || whole > 1<<40 {
		return nil
	}
	t := time.Unix(whole, 0)
	if f := number("0." + frac); f != nil && *f < 1 {
		t = t.Add(time.Duration(*f * float64(time.Second)))
	}
	return &t
}

// parseAddresses reads `ip -o addr show`: index, interface, family, address with prefix, and more. Nil when there is none:
// a host that answers has an address, so none means that ip did not run.
func parseAddresses(body string) []string {
	var out []string
	for l := range strings.Lines(body) {
		w := strings.Fields(l)
		if len(w) < 4 || w[1] == "lo" || w[1] == "lo:" || !strings.HasPrefix(w[2], "inet") {
			continue
		}
		address, _, _ := strings.Cut(w[3], "/")
		if a, err := netip.ParseAddr(address); err == nil && !a.IsLoopback() {
			out = append(out, a.WithZone("").String())
		}
	}
	return out
}

// parseUnits reads the blocks of `systemctl show`, one a unit, in the order of the question. A unit that was asked for
// under an alias answers with another Id, so the order decides. Nil when the number of blocks is another one.
func parseUnits(body string, units []string) (active, files map[string]string) {
	if body == "" {
		return nil, nil
	}
	blocks := strings.Split(body, "\n\n")
	if len(blocks) != len(units) {
		return nil, nil
	}
	active, files = map[string]string{}, map[string]string{}
	for i, block := range blocks {
		props := map[string]string{}
		for l := range strings.Lines(block) {
			if k, v, ok := strings.Cut(strings.TrimSpace(l), "="); ok {
				props[k] = line(v)
			}
		}
		if props["ActiveState"] == "" {
			return nil, nil
		}
		name := strings.TrimSuffix(units[i], ".service")
		active[name], files[name] = props["ActiveState"], props["UnitFileState"]
		if props["LoadState"] == "not-found" {
			active[name], files[name] = "not-found", "not-found"
		}
	}
	return active, files
}

// parseDisk reads the path that was asked about and the line of `df -Pk` that answers it:
// device, kilobytes, used, available, percent, mount point. Used percent is of what users can have, as df computes it.
func parseDisk(body string) (Disk, bool) {
	path, row, _ := strings.Cut(body, "\n")
	w := strings.Fields(firstLine(row))
	if len(w) < 6 {
		return Disk{}, false
	}
	size, used, free := kilobytes(w[1]), kilobytes(w[2]), kilobytes(w[3])
	if size < 0 || used < 0 || free < 0 {
		return Disk{}, false
	}
	d := Disk{Path: line(path), Mount: line(strings.Join(w[5:], " ")), Bytes: size, Free: free}
	if used+free > 0 {
		d.Percent = 100 * float64(used) / (float64(used) + float64(free))
	}
	return d, true
}

// kilobytes is a number of KiB as bytes, or -1.
func kilobytes(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/1024 {
		return -1
	}
	return n * 1024
}

// parsePatroniConfig reads the top-level lines `scope: x` and `namespace: y` of Patroni's YAML.
func parsePatroniConfig(body string) (scope, namespace *string) {
	for l := range strings.Lines(body) {
		k, v, ok := strings.Cut(l, ":")
		if !ok {
			continue
		}
		v = strings.TrimSpace(v)
		if i := strings.Index(v, " #"); i >= 0 {
			v = strings.TrimSpace(v[:i])
		}
		v = line(strings.Trim(v, `"'`))
		if v == "" {
			continue
		}
		switch strings.TrimSpace(k) {
		case "scope":
			scope = &v
		case "namespace":
			namespace = &v
		}
	}
	return scope, namespace
}
