package tools

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"recon/internal/twin/shell"
)

// debianPackage is one that is installed.
type debianPackage struct{ name, version, architecture, title string }

// installed are the packages of the stack on Debian 13.
var installed = []debianPackage{
	{"etcd-client", "3.5.16-4", "amd64", "highly-available key value store -- client"},
	{"etcd-server", "3.5.16-4", "amd64", "highly-available key value store -- daemon"},
	{"haproxy", "3.0.11-1+deb13u4", "amd64", "fast and reliable load balancing reverse proxy"},
	{"keepalived", "1:2.3.3-1", "amd64", "Failover and monitoring daemon for LVS clusters"},
	{"nginx", "1.26.3-3+deb13u10", "amd64", "small, powerful, scalable web/proxy server"},
	{"nginx-common", "1.26.3-3+deb13u10", "all", "small, powerful, scalable web/proxy server - common files"},
	{"nginx-light", "1.26.3-3+deb13u10", "all", "transitional dummy package for nginx"},
	{"openssh-server", "1:10.0p1-7+deb13u4", "amd64", "secure shell (SSH) server, for secure access from remote machines"},
	{"patroni", "4.0.7-3~deb13u1", "all", "PostgreSQL High Availability with ZooKeeper, etcd, Consul, or Kubernetes"},
	{"pgbouncer", "1.24.1-1+deb13u2", "amd64", "lightweight connection pooler for PostgreSQL"},
	{"postgresql-17", "17.6-0+deb13u1", "amd64", "The World's Most Advanced Open Source Relational Database"},
	{"postgresql-client-17", "17.6-0+deb13u1", "amd64", "front-end programs for PostgreSQL 17"},
	{"postgresql-client-common", "278+deb13u1", "all", "manager for multiple PostgreSQL client versions"},
	{"postgresql-common", "278+deb13u1", "all", "PostgreSQL database-cluster manager"},
	{"python3-etcd", "0.4.5-6", "all", "Python3 client for etcd"},
	{"python3-redis", "6.1.0-2", "all", "Persistent key-value database with network interface (Python 3 library)"},
	{"redis-sentinel", "5:8.0.2-3+deb13u3", "amd64", "Persistent key-value database with network interface (monitoring)"},
	{"redis-server", "5:8.0.2-3+deb13u3", "amd64", "Persistent key-value database with network interface"},
	{"redis-tools", "5:8.0.2-3+deb13u3", "amd64", "Persistent key-value database with network interface (client)"},
	{"systemd", "257.13-1~deb13u1", "amd64", "system and service manager"},
}

func (k *kit) packages() map[string]shell.Command {
	return map[string]shell.Command{"dpkg": dpkg, "dpkg-query": dpkg, "apt": apt}
}

// packagesLike are those whose names match one of the patterns; missing are patterns that none matches.
func packagesLike(patterns []string) (found []debianPackage, missing []string) {
	for _, p := range patterns {
		hit := false
		for _, d := range installed {
			if ok, err := path.Match(p, d.name); err == nil && ok {
				hit = true
				if !slices.Contains(found, d) {
					found = append(found, d)
				}
			}
		}
		if !hit {
			missing = append(missing, p)
		}
	}
	if len(patterns) == 0 {
		found = installed
	}
	slices.SortFunc(found, func(a, b debianPackage) int { return strings.Compare(a.name, b.name) })
	return found, missing
}

// dpkg is dpkg -l and -s, and dpkg-query -l, -s and -W.
func dpkg(_ context.Context, c *shell.Call) int {
	given, names, err := grammar{short: "lsWf:", long: []string{"list=l", "status=s", "show=W", "showformat=f:", "version", "print-architecture"}}.parse(c.Args[1:])
	switch {
	case err != nil:
		fmt.Fprintf(c.Stderr, "%s: error: unknown option %s\n\nType %s --help for help about installing and deinstalling packages [*];\n", c.Name(), unknownOption(c.Args[1:], err), c.Name())
		return 2
	case given.has("version"):
		fmt.Fprintln(c.Stdout, "Debian 'dpkg' package management program version 1.22.22 (amd64).")
		return 0
	case given.has("print-architecture"):
		fmt.Fprintln(c.Stdout, "amd64")
		return 0
	case !given.has("l") && !given.has("s") && !given.has("W"):
		fmt.Fprintf(c.Stderr, "%s: error: need an action option that is simulated: -l, -s or -W\n", c.Name())
		return 2
	}
	found, missing := packagesLike(names)
	switch {
	case given.has("s"):
		for _, d := range found {
			fmt.Fprintf(c.Stdout, "Package: %s\nStatus: install ok installed\nPriority: optional\nSection: database\nArchitecture: %s\nVersion: %s\nDescription: %s\n\n", d.name, d.architecture, d.version, d.title)
		}
		for _, m := range missing {
			fmt.Fprintf(c.Stderr, "dpkg-query: package '%s' is not installed and no information is available\nUse dpkg --info (= dpkg-deb --info) to examine archive files.\n", m)
		}
	case given.has("W"):
		format := "${Package}\\t${Version}\\n"
		if given.has("f") {
			format = given.value("f")
		}
		for _, d := range found {
			fmt.Fprint(c.Stdout, strings.NewReplacer("${Package}", d.name, "${binary:Package}", d.name, "${Version}", d.version, "${Architecture}", d.architecture,
				"${Status}", "install ok installed", "${db:Status-Abbrev}", "ii ", "${binary:Summary}", d.title, `\n`, "\n", `\t`, "\t").Replace(format))
		}
	default:
		listPackages(c, found)
	}
	if !given.has("s") {
		for _, m := range missing {
			fmt.Fprintf(c.Stderr, "dpkg-query: no packages found matching %s\n", m)
		}
	}
	if len(missing) > 0 {
		return 1
	}
	return 0
}

func unknownOption(args []string, err error) string {
	for _, a := range args {
		if strings.HasPrefix(a, "-") && strings.Contains(err.Error(), strings.TrimLeft(a, "-")) {
			return a
		}
	}
	return err.Error()
}

func listPackages(c *shell.Call, found []debianPackage) {
	if len(found) == 0 {
		return
	}
	width := [4]int{len("Name") + 10, len("Version") + 5, len("Architecture"), len("Description")}
	for _, d := range found {
		for i, cell := range []string{d.name, d.version, d.architecture, d.title} {
			width[i] = max(width[i], len(cell))
		}
	}
	fmt.Fprint(c.Stdout, "Desired=Unknown/Install/Remove/Purge/Hold\n| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend\n|/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)\n")
	fmt.Fprintf(c.Stdout, "||/ %-*s %-*s %-*s %s\n", width[0], "Name", width[1], "Version", width[2], "Architecture", "Description")
	rule := make([]string, 4)
	for i, w := range width {
		rule[i] = strings.Repeat("=", w)
	}
	fmt.Fprintf(c.Stdout, "+++-%s\n", strings.Join(rule, "-"))
	for _, d := range found {
		fmt.Fprintf(c.Stdout, "ii  %-*s %-*s %-*s %s\n", width[0], d.name, width[1], d.version, width[2], d.architecture, d.title)
	}
}

// apt lists; everything else is not simulated.
func apt(_ context.Context, c *shell.Call) int {
	fmt.Fprint(c.Stderr, "\nWARNING: apt does not have a stable CLI interface. Use with caution in scripts.\n\n")
	given, args, err := grammar{short: "", long: []string{"installed", "upgradable"}}.parse(c.Args[1:])
	switch {
	case err != nil:
		fmt.Fprintf(c.Stderr, "E: Command line option %s is not understood in combination with the other options\n", unknownOption(c.Args[1:], err))
		return 100
	case len(args) == 0 || args[0] != "list":
		fmt.Fprintf(c.Stderr, "E: Invalid operation %s\n", strings.Join(args, " "))
		return 100
	}
	fmt.Fprintln(c.Stdout, "Listing...")
	if given.has("upgradable") {
		return 0
	}
	found, _ := packagesLike(args[1:])
	for _, d := range found {
		fmt.Fprintf(c.Stdout, "%s/stable,now %s %s [installed]\n", d.name, d.version, d.architecture)
	}
	return 0
}
