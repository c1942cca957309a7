package tools

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"recon/internal/twin/shell"
	"recon/internal/twin/world"
)

var journalctlOptions = grammar{
	short: "u:S:U:n?p:o:kg:qb?rft:xealN",
	long: []string{
		"unit=u:", "since=S:", "until=U:", "lines=n?", "priority=p:", "output=o:", "dmesg=k", "grep=g:", "case-sensitive?", "quiet=q", "boot=b?",
		"reverse=r", "follow=f", "identifier=t:", "pager-end=e", "all=a", "full=l", "no-full", "no-pager", "no-tail", "no-hostname", "utc", "disk-usage", "list-boots", "version", "system",
	},
}

var shortFormats = []string{"short", "short-precise", "short-iso", "short-iso-precise", "short-full", "short-unix", "with-unit"}

// journalctl prints the host's journal.
func (k *kit) journalctl(ctx context.Context, c *shell.Call) int {
	args := c.Args[1:]
	for i, a := range args {
		// The number after -n may be a word of its own.
		if (a == "-n" || a == "--lines") && i+1 < len(args) && isNumber(args[i+1]) {
			args = slices.Concat(args[:i], []string{"-n" + args[i+1]}, args[i+2:])
			break
		}
	}
	given, rest, err := journalctlOptions.parse(args)
	switch {
	case err != nil:
		return c.Fail(1, "%s", err)
	case given.has("version"):
		fmt.Fprintln(c.Stdout, systemdVersion)
		return 0
	case len(rest) > 0:
		fmt.Fprintf(c.Stderr, "Failed to add match '%s': Invalid argument\n", rest[0])
		return 1
	}
	q, why := journalQuery(given, now(c))
	if why != "" {
		fmt.Fprintln(c.Stderr, why)
		return 1
	}
	visible := maySeeJournal(c)
	if !visible && !given.has("q") {
		fmt.Fprint(c.Stderr, "Hint: You are currently not seeing messages from other users and the system.\n"+
			"      Users in groups 'adm', 'systemd-journal' can see all messages.\n      Pass -q to turn off this notice.\n")
	}
	j := &journal{kit: k, call: c, query: q, given: given, visible: visible}
	switch {
	case given.has("disk-usage"):
		return j.usage()
	case given.has("list-boots"):
		return j.boots()
	}
	return j.print(ctx)
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// journalQuery reads the options; why is what journalctl says of one that it does not understand.
func journalQuery(given options, clock time.Time) (q query, why string) {
	q = query{units: given.values("u"), idents: given.values("t"), kernel: given.has("k"), boot: given.has("k"), format: "short"}
	for _, o := range given {
		var err error
		switch o.name {
		case "S":
			if q.since, err = moment(o.value, clock); err != nil {
				return q, "Failed to parse timestamp: " + o.value
			}
		case "U":
			if q.until, err = moment(o.value, clock); err != nil {
				return q, "Failed to parse timestamp: " + o.value
			}
		case "n":
			q.lines = 10
			if o.value != "" && o.value != "all" {
				if q.lines, err = strconv.Atoi(strings.TrimPrefix(o.value, "+")); err != nil || q.lines < 0 {
					return q, fmt.Sprintf("Failed to parse --lines='%s'.", o.value)
				}
				if o.value[0] == '+' {
					return q, "journalctl: --lines=+N is not simulated"
				}
			} else if o.value == "all" {
				q.lines = 0
			}
		case "e":
			q.lines = 1000
		case "p":
			if q.first, q.last, err = levels(o.value); err != nil {
				return q, "Unknown log level " + o.value
			}
			q.limited = true
		case "o":
			if q.format = o.value; !slices.Contains(append(shortFormats, "cat", "json"), o.value) {
				return q, fmt.Sprintf("Unknown output format '%s'.", o.value)
			}
		case "b":
			if o.value != "" && o.value != "0" {
				return q, "journalctl: only the current boot is simulated"
			}
			q.boot = true
		case "g":
			pattern := o.value
			if (strings.ToLower(pattern) == pattern && given.value("case-sensitive") == "" && !given.has("case-sensitive")) || given.value("case-sensitive") == "no" {
				pattern = "(?i)" + pattern
			}
			if q.grep, err = regexp.Compile(pattern); err != nil {
				return q, fmt.Sprintf("Bad pattern \"%s\": %s", o.value, err)
			}
		}
	}
	return q, ""
}

var levelNames = []string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"}

// levels reads a priority, which means it and all that are worse, or a range of them.
func levels(s string) (first, last int, err error) {
	one := func(s string) (int, error) {
		if n, err := strconv.Atoi(s); err == nil && n >= 0 && n <= 7 {
			return n, nil
		}
		if i := slices.Index(levelNames, s); i >= 0 {
			return i, nil
		}
		return 0, fmt.Errorf("unknown level %q", s)
	}
	a, b, ranged := strings.Cut(s, "..")
	if last, err = one(either(b, a)); err != nil || !ranged {
		return 0, last, err
	}
	if first, err = one(a); err != nil {
		return 0, 0, err
	}
	return min(first, last), max(first, last), nil
}

// journal is one run of journalctl.
type journal struct {
	kit     *kit
	call    *shell.Call
	query   query
	given   options
	visible bool
	printed int
	before  time.Time
}

func (j *journal) print(ctx context.Context) int {
	seen := 0
	found := j.next(&seen)
	if found == 0 && !j.given.has("f") {
		if !j.given.has("q") {
			fmt.Fprintln(j.call.Stdout, "-- No entries --")
		}
		if j.query.grep != nil {
			return 1
		}
		return 0
	}
	for j.given.has("f") {
		if sleep(ctx, j.call, world.Step) != nil {
			return 130
		}
		j.query.lines, j.query.after = 0, seen
		j.next(&seen)
	}
	return 0
}

// next prints what is there beyond the entries that were seen, and says how many lines that was.
func (j *journal) next(seen *int) int {
	if j.given.has("f") && j.printed == 0 && j.query.lines == 0 && *seen == 0 {
		j.query.lines = 10
	}
	var out []string
	j.kit.look(j.call, func(h *world.Host) {
		if *seen > len(h.Journal) {
			*seen, j.query.after = 0, 0 // the oldest were dropped
		}
		*seen = len(h.Journal)
		if !j.visible {
			return
		}
		found := j.query.find(h)
		if j.given.has("r") {
			slices.Reverse(found)
		}
		booted := h.Booted.Add(h.Offset)
		for _, l := range found {
			if j.query.format != "cat" && j.query.format != "json" && !j.before.IsZero() && j.before.Before(booted) && !l.At.Before(booted) {
				out = append(out, "-- Boot "+bootID(h)+" --")
			}
			j.before = l.At
			out = append(out, j.line(h, l))
		}
	})
	for _, s := range out {
		fmt.Fprintln(j.call.Stdout, s)
	}
	j.printed += len(out)
	return len(out)
}

func (j *journal) line(h *world.Host, l line) string {
	switch j.query.format {
	case "cat":
		return l.text
	case "json":
		return l.document(h)
	}
	s := l.short(h, j.query.format)
	if j.given.has("no-hostname") {
		s = strings.Replace(s, " "+h.Name+" ", " ", 1)
	}
	return s
}

// usage is --disk-usage: journals grow by files of 8 MiB.
func (j *journal) usage() int {
	size := 8
	j.kit.look(j.call, func(h *world.Host) {
		if j.visible {
			size += 8 * (1 + len(h.Journal)/10000)
		}
	})
	fmt.Fprintf(j.call.Stdout, "Archived and active journals take up %dM in the file system.\n", size)
	return 0
}

func (j *journal) boots() int {
	j.kit.look(j.call, func(h *world.Host) {
		last := h.Booted.Add(h.Offset)
		if n := len(h.Journal); n > 0 {
			last = h.Journal[n-1].At
		}
		fmt.Fprintf(j.call.Stdout, "IDX BOOT ID                          FIRST ENTRY                 LAST ENTRY\n  0 %s %s %s\n",
			bootID(h), systemdTime(h.Booted.Add(h.Offset)), systemdTime(last))
	})
	return 0
}
