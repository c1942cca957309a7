package tools

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"recon/internal/twin/shell"
)

var pgrepOptions = grammar{
	short: "alcd:finou:U:P:vxe",
	long: []string{
		"list-full=a", "list-name=l", "count=c", "delimiter=d:", "full=f", "ignore-case=i", "newest=n", "oldest=o", "euid=u:", "uid=U:", "parent=P:", "inverse=v", "exact=x",
		"signal:", "echo=e", "version",
	},
}

// pgrep is pgrep and pkill.
func (k *kit) pgrep(ctx context.Context, c *shell.Call) int {
	args, signal := c.Args[1:], "TERM"
	if c.Name() == "pkill" {
		for i, a := range args {
			if len(a) > 1 && a[0] == '-' {
				if _, ok := signalNamed(a[1:]); ok {
					signal = a[1:]
					args = slices.Concat(args[:i], args[i+1:])
					break
				}
			}
		}
	}
	given, patterns, err := pgrepOptions.parse(args)
	switch {
	case err != nil:
		c.Fail(2, "%s", err)
		fmt.Fprintf(c.Stderr, "\nUsage:\n %s [options] <pattern>\n\nFor more details see pgrep(1).\n", c.Name())
		return 2
	case given.has("version"):
		fmt.Fprintf(c.Stdout, "%s from procps-ng 4.0.4\n", c.Name())
		return 0
	case len(patterns) > 1:
		return c.Fail(2, "only one pattern can be provided\nTry `%s --help' for more information.", c.Name())
	case len(patterns) == 0 && !given.has("u") && !given.has("U") && !given.has("P"):
		return c.Fail(2, "no matching criteria specified\nTry `%s --help' for more information.", c.Name())
	}
	if given.has("signal") {
		signal = given.value("signal")
	}
	if _, ok := signalNamed(signal); !ok {
		return c.Fail(2, "unknown signal %q", signal)
	}
	for _, u := range append(given.values("u"), given.values("U")...) {
		for name := range strings.SplitSeq(u, ",") {
			if !k.userExists(c, name) {
				return c.Fail(2, "invalid user name: %s", name)
			}
		}
	}
	pattern := ""
	if len(patterns) == 1 {
		pattern = patterns[0]
	}
	if given.has("x") {
		pattern = "^(" + pattern + ")$"
	}
	if given.has("i") {
		pattern = "(?i)" + pattern
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return c.Fail(2, "%s", err)
	}
	found := k.matching(c, given, re)
	if c.Name() == "pkill" {
		return killAll(ctx, c, found, signal, given)
	}
	return printPIDs(c, found, given)
}

func (k *kit) userExists(c *shell.Call, name string) bool {
	if name == "root" || slices.ContainsFunc(c.Host.Users, func(u shell.User) bool { return u.Name == name }) {
		return true
	}
	b, err := c.Host.FS.ReadFile("/etc/passwd")
	return err == nil && slices.ContainsFunc(strings.Split(string(b), "\n"), func(l string) bool { return strings.HasPrefix(l, name+":") })
}

func (k *kit) matching(c *shell.Call, given options, re *regexp.Regexp) []proc {
	in := func(value, list string) bool { return slices.Contains(strings.Split(list, ","), value) }
	var found []proc
	for _, p := range k.processes(c) {
		text := p.comm()
		if given.has("f") {
			text = p.line()
		}
		ok := re.MatchString(text)
		for _, o := range given {
			switch o.name {
			case "u", "U":
				ok = ok && in(p.User, o.value)
			case "P":
				ok = ok && in(strconv.Itoa(p.PPID), o.value)
			}
		}
		if ok != given.has("v") && p.PID != c.PID {
			found = append(found, p)
		}
	}
	if len(found) > 0 && (given.has("o") || given.has("n")) {
		one := found[0]
		for _, p := range found {
			if given.has("n") && !p.Started.Before(one.Started) || given.has("o") && p.Started.Before(one.Started) {
				one = p
			}
		}
		found = []proc{one}
	}
	return found
}

func printPIDs(c *shell.Call, found []proc, given options) int {
	var words []string
	for _, p := range found {
		switch w := strconv.Itoa(p.PID); {
		case given.has("a"):
			words = append(words, w+" "+p.line())
		case given.has("l"):
			words = append(words, w+" "+p.comm())
		default:
			words = append(words, w)
		}
	}
	switch {
	case given.has("c"):
		fmt.Fprintln(c.Stdout, len(found))
	case len(words) > 0:
		between := "\n"
		if given.has("d") {
			between = given.value("d")
		}
		fmt.Fprintln(c.Stdout, strings.Join(words, between))
	}
	if len(found) == 0 {
		return 1
	}
	return 0
}

func killAll(ctx context.Context, c *shell.Call, found []proc, signal string, given options) int {
	status := 1
	for _, p := range found {
		if given.has("e") {
			fmt.Fprintf(c.Stdout, "%s killed (pid %d)\n", p.comm(), p.PID)
		}
		if p.User != c.User && c.User != "root" {
			c.Fail(1, "killing pid %d failed: Operation not permitted", p.PID)
			continue
		}
		// One that ended with its master meanwhile is no mistake.
		kill := []string{"kill", "-s", strings.TrimPrefix(strings.ToUpper(signal), "SIG"), strconv.Itoa(p.PID)}
		if c.Run(ctx, kill, shell.WithIO(nil, io.Discard, io.Discard)) == 0 {
			status = 0
		}
	}
	return status
}

// pidof prints the processes of a program, the youngest first.
func (k *kit) pidof(_ context.Context, c *shell.Call) int {
	given, names, err := grammar{short: "s", long: []string{"single-shot=s"}}.parse(c.Args[1:])
	if err != nil {
		return c.Fail(1, "%s", err)
	}
	var words []string
	for _, p := range slices.Backward(k.processes(c)) {
		if slices.Contains(names, p.comm()) || len(p.Args) > 0 && slices.Contains(names, p.Args[0]) {
			words = append(words, strconv.Itoa(p.PID))
		}
	}
	if len(words) == 0 {
		return 1
	}
	if given.has("s") {
		words = words[:1]
	}
	fmt.Fprintln(c.Stdout, strings.Join(words, " "))
	return 0
}
