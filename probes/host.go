package probes

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// hostFacts is what one host answered over ssh. Pointers, slices and maps are nil when the host did not tell.
type hostFacts struct {
	hostname  string
	units     map[string]string
	unitFiles map[string]string
	disks     []Disk
	load1     *float64
	cpus      *int
	memoryMB  *int
	synced    *bool
	addresses []string
	uptime    *float64
	scope     *string
	namespace *string
	restarts  map[string]int
	failed    []string
	swapMB    *int
	memoryAll *int
	nonlocal  *bool
	reboot    *bool
	// traces are what was left here of a deployment (tracesScript), not nil when the host told.
	traces []string
	// keepalived and certificate are nil where the host was not asked or told nothing.
	keepalived  *keepalivedConfig
	certificate *fileFacts
	// start and end are the host's clock at both ends of the script; offset is its clock minus ours.
	start, end *time.Time
	offset     *float64
}

// hostProbe asks one host with one script over its ssh connection.
type hostProbe struct {
	hosts  Hosts
	node   string
	script string
	units  []string
	now    func() time.Time
}

func (p *hostProbe) close() {}

func (p *hostProbe) ask(ctx context.Context) (hostFacts, error) {
	sent := p.now()
	out, err := p.hosts.Output(ctx, p.node, p.script)
	if err != nil {
		return hostFacts{}, err
	}
	back := p.now()
	f, err := parseHost(out, p.units)
	if err != nil {
		return hostFacts{}, err
	}
	f.offset = clockOffset(sent, back, f.start, f.end)
	return f, nil
}

// mostWay is how long a question may be on its way for its answer to tell the host's clock: the offset is wrong by half of
// it at most, and half a second of offset is already worth a finding.
const mostWay = 400 * time.Millisecond

// clockOffset is the host's clock minus ours in seconds, corrected by half of the way; nil when the way took so long that
// the number would say nothing.
func clockOffset(sent, back time.Time, start, end *time.Time) *float64 {
	if start == nil || end == nil || end.Before(*start) {
		return nil
	}
	way := back.Sub(sent) - end.Sub(*start)
	if way > mostWay {
		return nil
	}
	middle := start.Add(end.Sub(*start) / 2)
	offset := middle.Sub(sent.Add(back.Sub(sent) / 2)).Seconds()
	return &offset
}

// section is the line that begins a section of the script's output. What a command prints could hold such a line only by
// intent, and it would spoil no more than the facts of its own host.
const section = "--recon-"

// hostQuestions are what differs from host to host; what is empty is not asked.
type hostQuestions struct {
	units, paths                           []string
	patroniConfig, keepalived, certificate string
	// data maps a service to the folder of its data.
	data map[string]string
}

// hostScript is what a host is asked: plain /bin/sh, no root, no command that changes anything. A command that is missing
// or hangs leaves its own section empty and no other.
func hostScript(q hostQuestions) string {
	units := q.units
	var b strings.Builder
	b.WriteString("LC_ALL=C; export LC_ALL; exec 2>/dev/null\n")
	b.WriteString("T=; command -v timeout >/dev/null && T='timeout 2'\n")
	part := func(name, command string) { fmt.Fprintf(&b, "echo %s%s\n%s\n", section, name, command) }
	part("start", "date +%s.%N")
	part("hostname", "hostname || uname -n")
	part("load", "cat /proc/loadavg")
	part("cpus", "nproc || grep -c ^processor /proc/cpuinfo")
	part("memory", "grep -E '^(MemTotal|MemAvailable|SwapTotal|SwapFree):' /proc/meminfo")
	// A container shares its kernel's uptime; it booted when its own init began.
	part("uptime", "cat /proc/uptime /proc/1/stat")
	part("addresses", "$T ip -o addr show")
	if len(units) > 0 {
		names := make([]string, len(units))
		for i, u := range units {
			names[i] = quote(unitFile(u))
		}
		part("units", "$T systemctl show -p Id -p LoadState -p ActiveState -p UnitFileState -p NRestarts -- "+strings.Join(names, " "))
	}
	part("failed", "$T systemctl list-units --failed --plain --no-legend --no-pager && echo "+complete)
	part("synced", "$T timedatectl show -p NTPSynchronized")
	part("nonlocal", "cat /proc/sys/net/ipv4/ip_nonlocal_bind")
	// Only Debian's packages leave this file. Its absence says something only where they would.
	part("reboot", "if [ -e /run/reboot-required ] || [ -e /var/run/reboot-required ]; then echo yes; elif command -v dpkg >/dev/null; then echo no; fi")
	// The last of several mounts on one point is the one that is seen.
	part("readonly", `awk '{ro[$2] = $4 ~ /^ro(,|$)/} END {for (m in ro) if (ro[m]) print m; print "`+complete+`"}' /proc/mounts`)
	if len(q.paths) > 0 {
		b.WriteString(diskScript(q.paths))
	}
	if q.patroniConfig != "" {
		part("patroni", "grep -E '^(scope|namespace)[ ]*:' "+quote(q.patroniConfig))
	}
	if q.keepalived != "" {
		part("keepalived", keepalivedScript(q.keepalived))
	}
	if q.certificate != "" {
		part("certificate", certificateScript(q.certificate))
	}
	part("traces", tracesScript(q.data))
	part("end", "date +%s.%N")
	b.WriteString("exit 0\n")
	return b.String()
}

// complete is the last line of a list that may be empty; without it the list was not made.
const complete = "--complete"

// diskScript asks for space and inodes of the file systems of paths. A path itself is often closed to us; the nearest folder
// above it that can be asked lies on the same file system, unless the path is a mount point of its own. The root comes
// first, because a file system that hangs ends the list.
func diskScript(paths []string) string {
	words := make([]string, 0, len(paths))
	for _, p := range paths {
		if p == "/" {
			words = append([]string{quote(p)}, words...)
			continue
		}
		words = append(words, quote(p))
	}
	return `$T sh -c 'for p; do q=$p; until [ -e "$q" ]; do case $q in */*) q=${q%/*};; *) q=;; esac; [ -n "$q" ] || q=/; done; ` +
		`printf "%s\n%s\n" ` + section + `disk "$p"; df -Pk -- "$q"; df -Pi -- "$q"; done' sh ` + strings.Join(words, " ") + "\n"
}

func unitFile(unit string) string {
	if strings.Contains(unit, ".") {
		return unit
	}
	return unit + ".service"
}

// quote makes one word of s for the shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
