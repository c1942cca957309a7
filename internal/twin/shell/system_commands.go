package shell

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

func idCommand(_ context.Context, c *Call) int {
	a, ok := c.options("ugGnr", "user=u", "group=g", "groups=G", "name=n", "real=r")
	if !ok {
		return 2
	}
	name := c.User
	if len(a.rest) > 0 {
		name = a.rest[0]
	}
	acc, ok := c.Host.account(name)
	if !ok {
		if len(a.rest) > 0 {
			return c.Fail(1, "'%s': no such user", name)
		}
		acc = account{User: User{Name: name, UID: 65534, GID: 65534, Groups: []string{name}}}
	}
	groupID := func(i int) string {
		if i == 0 {
			return strconv.Itoa(acc.GID)
		}
		return strconv.Itoa(c.Host.gid(acc.Groups[i]))
	}
	switch {
	case a.has('u') && a.has('n'):
		fmt.Fprintln(c.Stdout, acc.Name)
	case a.has('u'):
		fmt.Fprintln(c.Stdout, acc.UID)
	case a.has('g') && a.has('n'):
		fmt.Fprintln(c.Stdout, acc.Groups[0])
	case a.has('g'):
		fmt.Fprintln(c.Stdout, acc.GID)
	case a.has('G'):
		words := slices.Clone(acc.Groups)
		if !a.has('n') {
			for i := range words {
				words[i] = groupID(i)
			}
		}
		fmt.Fprintln(c.Stdout, strings.Join(words, " "))
	case a.has('n'):
		return c.usage("cannot print only names or real IDs in default format")
	default:
		var groups []string
		for i, g := range acc.Groups {
			groups = append(groups, groupID(i)+"("+g+")")
		}
		fmt.Fprintf(c.Stdout, "uid=%d(%s) gid=%d(%s) groups=%s\n", acc.UID, acc.Name, acc.GID, acc.Groups[0], strings.Join(groups, ","))
	}
	return 0
}

func groupsCommand(_ context.Context, c *Call) int {
	name := c.User
	if len(c.Args) > 1 {
		name = c.Args[1]
	}
	acc, ok := c.Host.account(name)
	if !ok {
		return c.Fail(1, "'%s': no such user", name)
	}
	if len(c.Args) > 1 {
		fmt.Fprint(c.Stdout, name, " : ")
	}
	fmt.Fprintln(c.Stdout, strings.Join(acc.Groups, " "))
	return 0
}

func whoamiCommand(_ context.Context, c *Call) int {
	if _, ok := c.options(""); !ok {
		return 2
	}
	fmt.Fprintln(c.Stdout, c.User)
	return 0
}

func hostnameCommand(_ context.Context, c *Call) int {
	a, ok := c.options("sfdiI", "short=s", "fqdn=f", "long=f", "domain=d", "ip-address=i", "all-ip-addresses=I")
	if !ok {
		return 2
	}
	name := c.Host.Name
	short, domain, _ := strings.Cut(name, ".")
	switch a.last("sfdiI") {
	case 's':
		name = short
	case 'd':
		name = domain
	case 'i', 'I':
		name = c.address()
		if a.has('I') {
			name += " "
		}
	}
	if len(a.rest) > 0 {
		return c.Fail(1, "you must be root to change the host name")
	}
	fmt.Fprintln(c.Stdout, name)
	return 0
}

// address is the host's own in /etc/hosts.
func (c *Call) address() string {
	b, _ := c.Host.FS.ReadFile("/etc/hosts") // none has no address
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 1 && slices.Contains(f[1:], c.Host.Name) {
			return f[0]
		}
	}
	return "127.0.0.1"
}

func unameCommand(_ context.Context, c *Call) int {
	a, ok := c.options("asnrvmpio", "all=a", "kernel-name=s", "nodename=n", "kernel-release=r", "kernel-version=v", "machine=m", "operating-system=o")
	if !ok {
		return 2
	}
	read := func(name, none string) string {
		if b, err := c.Host.FS.ReadFile("/proc/sys/kernel/" + name); err == nil {
			return strings.TrimSpace(string(b))
		}
		return none
	}
	var words []string
	for _, f := range []struct {
		letter byte
		value  string
	}{
		{'s', "Linux"}, {'n', c.Host.Name}, {'r', read("osrelease", kernelVersion)}, {'v', read("version", "#1 SMP Debian")}, {'m', "x86_64"}, {'o', "GNU/Linux"},
	} {
		if a.has('a') || a.has(f.letter) || len(a.flags) == 0 && f.letter == 's' {
			words = append(words, f.value)
		}
	}
	fmt.Fprintln(c.Stdout, strings.Join(words, " "))
	return 0
}

func nprocCommand(_ context.Context, c *Call) int {
	if _, ok := c.options("", "all=a"); !ok {
		return 2
	}
	b, err := c.Host.FS.ReadFile("/proc/cpuinfo")
	if err != nil {
		return c.Fail(1, "%s", Reason(err))
	}
	fmt.Fprintln(c.Stdout, max(strings.Count("\n"+string(b), "\nprocessor"), 1))
	return 0
}

func getentCommand(_ context.Context, c *Call) int {
	a, ok := c.options("s:i", "service:=s", "no-idn=i")
	if !ok {
		return 2
	}
	if len(a.rest) == 0 {
		return c.Fail(1, "wrong number of arguments")
	}
	file := map[string]string{"passwd": "/etc/passwd", "group": "/etc/group", "hosts": "/etc/hosts", "ahosts": "/etc/hosts", "services": "/etc/services", "shadow": "/etc/shadow"}[a.rest[0]]
	if file == "" {
		return c.Fail(1, "Unknown database: %s", a.rest[0])
	}
	b, err := c.ReadFile(file)
	if err != nil {
		return 2
	}
	keys := a.rest[1:]
	status := 0
	hit := map[string]bool{}
	hosts := strings.HasSuffix(file, "hosts")
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\n")
		if plain, _, _ := strings.Cut(line, "#"); strings.TrimSpace(plain) == "" {
			continue
		}
		var names []string
		if hosts {
			names = strings.Fields(line)
		} else {
			f := strings.Split(line, ":")
			names = f[:1]
			if len(f) > 2 {
				names = []string{f[0], f[2]}
			}
		}
		for _, k := range keys {
			if !hit[k] && slices.Contains(names, k) {
				hit[k] = true
				if hosts {
					fmt.Fprintf(c.Stdout, "%-15s %s\n", names[0], strings.Join(names[1:], " "))
				} else {
					fmt.Fprintln(c.Stdout, line)
				}
			}
		}
		if len(keys) == 0 {
			fmt.Fprintln(c.Stdout, line)
		}
	}
	for _, k := range keys {
		if !hit[k] {
			status = 2
		}
	}
	return status
}

func printenvCommand(_ context.Context, c *Call) int {
	if len(c.Args) == 1 {
		for _, kv := range c.env {
			fmt.Fprintln(c.Stdout, kv)
		}
	}
	status := 0
	for _, name := range c.Args[1:] {
		i := slices.IndexFunc(c.env, func(kv string) bool { return cutName(kv) == name })
		if i < 0 {
			status = 1
			continue
		}
		fmt.Fprintln(c.Stdout, c.Env(name))
	}
	return status
}

func pwdCommand(_ context.Context, c *Call) int {
	if _, ok := c.options("LP", "logical=L", "physical=P"); !ok {
		return 2
	}
	fmt.Fprintln(c.Stdout, c.Dir)
	return 0
}
