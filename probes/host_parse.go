package probes

import (
	"cmp"
	"errors"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// parseHost reads what hostScript printed. A section that is missing or unreadable is not seen; an output without any
// section is an error.
func parseHost(out []byte, units []string) (hostFacts, error) {
	var f hostFacts
	known := 0
	var readonly []string
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
			f.memoryMB, f.memoryAll, f.swapMB = parseMemory(body)
		case "uptime":
			f.uptime = parseUptime(body)
		case "addresses":
			f.addresses = parseAddresses(body)
		case "units":
			f.units, f.unitFiles, f.restarts = parseUnits(body, units)
		case "failed":
			f.failed = parseFailed(body)
		case "nonlocal":
			f.nonlocal = yesNo(firstLine(body), "1", "0")
		case "reboot":
			f.reboot = yesNo(firstLine(body), "yes", "no")
		case "readonly":
			readonly = parseList(body)
		case "keepalived":
			f.keepalived = parseKeepalived(body)
		case "certificate":
			f.certificate = parseCertificateFile(body)
		case "synced":
			if v, ok := strings.CutPrefix(firstLine(body), "NTPSynchronized="); ok {
				synced := v == "yes"
				f.synced = &synced
			}
		case "disk":
			if d, ok := parseDisk(body); ok {
				f.disks = append(f.disks, d)
			}
		case "traces":
			f.traces = parseList(body)
		case "patroni":
			f.scope, f.namespace = parsePatroniConfig(body)
		default:
			known--
		}
	}
	if known == 0 {
		return hostFacts{}, errors.New("the host's answer holds nothing that was asked: " + firstWords(out))
	}
	f.mounted(readonly)
	return f, nil
}

// mounted notes which file systems are read-only, and puts the root last, as it was asked for.
func (f *hostFacts) mounted(readonly []string) {
	if readonly != nil {
		for i := range f.disks {
			ro := slices.Contains(readonly, f.disks[i].Mount)
			f.disks[i].ReadOnly = &ro
		}
	}
	slices.SortStableFunc(f.disks, func(a, b Disk) int {
		return cmp.Compare(map[bool]int{true: 1}[a.Path == "/"], map[bool]int{true: 1}[b.Path == "/"])
	})
}

// yesNo is a question with two answers; anything else is none.
func yesNo(said, yes, no string) *bool {
	if said != yes && said != no {
		return nil
	}
	is := said == yes
	return &is
}

// userHz is in how many parts of a second Linux tells times to programs, on every kernel that runs these hosts.
const userHz = 100

// parseUptime reads /proc/uptime and, behind it where it may be read, /proc/1/stat: the time since init began, which on a host is
// the time since it booted but for a second or two, and in a container is the container's own.
func parseUptime(body string) *float64 {
	up := number(field(body, 0))
	_, stat, _ := strings.Cut(body, "\n")
	if end := strings.LastIndexByte(stat, ')'); up != nil && end >= 0 { // the name in parentheses may hold anything
		const began = 22 - 3 // the 22nd field of all, counted from the third
		if ticks := number(field(stat[end+1:], began)); ticks != nil && *ticks/userHz <= *up {
			since := *up - *ticks/userHz
			return &since
		}
	}
	return up
}

// parseMemory reads lines of /proc/meminfo, in KiB: available and all memory, and swap in use.
func parseMemory(body string) (available, all, swap *int) {
	rows := map[string]*float64{}
	for l := range strings.Lines(body) {
		if w := strings.Fields(l); len(w) >= 2 {
			rows[w[0]] = number(w[1])
		}
	}
	mb := func(kb *float64) *int {
		if kb == nil {
			return nil
		}
		n := *kb / 1024
		return whole(&n)
	}
	if total, free := rows["SwapTotal:"], rows["SwapFree:"]; total != nil && free != nil {
		used := *total - *free
		swap = mb(&used)
	}
	return mb(rows["MemAvailable:"]), mb(rows["MemTotal:"]), swap
}

// parseList reads lines up to the one that says that the list is complete; nil without that one.
func parseList(body string) []string {
	out := []string{}
	for l := range strings.Lines(body) {
		l = strings.TrimSpace(l)
		switch {
		case l == complete:
			return out
		case l != "":
			out = append(out, line(unescaped(l)))
		}
	}
	return nil
}

// unescaped undoes what the kernel does to blanks in /proc/mounts.
func unescaped(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\134`, `\`).Replace(s)
}

// parseFailed reads `systemctl list-units --failed --plain --no-legend`: the unit is the first word. Some versions put a
// mark before it all the same.
func parseFailed(body string) []string {
	out := []string{}
	for l := range strings.Lines(body) {
		w := strings.Fields(l)
		if len(w) > 0 && w[0] == complete {
			return out
		}
		if len(w) > 1 && !strings.Contains(w[0], ".") {
			w = w[1:]
		}
		if len(w) > 0 && strings.Contains(w[0], ".") {
			out = append(out, line(strings.TrimSuffix(w[0], ".service")))
		}
	}
	return nil
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
func parseUnits(body string, units []string) (active, files map[string]string, restarts map[string]int) {
	if body == "" {
		return nil, nil, nil
	}
	blocks := strings.Split(body, "\n\n")
	if len(blocks) != len(units) {
		return nil, nil, nil
	}
	active, files, restarts = map[string]string{}, map[string]string{}, map[string]int{}
	for i, block := range blocks {
		props := map[string]string{}
		for l := range strings.Lines(block) {
			if k, v, ok := strings.Cut(strings.TrimSpace(l), "="); ok {
				props[k] = line(v)
			}
		}
		if props["ActiveState"] == "" {
			return nil, nil, nil
		}
		name := strings.TrimSuffix(units[i], ".service")
		active[name], files[name] = props["ActiveState"], props["UnitFileState"]
		if props["LoadState"] == "not-found" {
			active[name], files[name] = "not-found", "not-found"
		}
		if n := whole(number(props["NRestarts"])); n != nil {
			restarts[name] = *n
		}
	}
	if len(restarts) == 0 {
		restarts = nil // systemd tells them since version 235
	}
	return active, files, restarts
}

// parseDisk reads the path that was asked about and what `df -Pk` and `df -Pi` answer to it: device, kilobytes (or inodes),
// used, available, percent, mount point. Used percent is of what users can have, as df computes it. Heads of tables are
// passed over; the answer to the second question is missing where df failed.
func parseDisk(body string) (Disk, bool) {
	path, table, _ := strings.Cut(body, "\n")
	var rows [][]string
	for l := range strings.Lines(table) {
		if w := strings.Fields(l); len(w) >= 6 && w[0] != "Filesystem" {
			rows = append(rows, w)
		}
	}
	if len(rows) == 0 {
		return Disk{}, false
	}
	w := rows[0]
	size, used, free := kilobytes(w[1]), kilobytes(w[2]), kilobytes(w[3])
	if size < 0 || used < 0 || free < 0 {
		return Disk{}, false
	}
	d := Disk{Path: line(path), Mount: line(strings.Join(w[5:], " ")), Bytes: size, Free: free}
	if used+free > 0 {
		d.Percent = 100 * float64(used) / (float64(used) + float64(free))
	}
	if len(rows) > 1 {
		// btrfs and others count no inodes and answer 0 of 0.
		if all, used := number(rows[1][1]), number(rows[1][2]); all != nil && used != nil && *all > 0 && *used >= 0 {
			percent := 100 * *used / *all
			d.InodesPercent = &percent
		}
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
