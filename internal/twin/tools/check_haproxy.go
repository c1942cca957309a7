package tools

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"recon/internal/twin/shell"
)

func (k *kit) checks() map[string]shell.Command {
	all := map[string]shell.Command{"haproxy": haproxyCheck, "keepalived": keepalivedCheck}
	for _, name := range []string{"nginx", "angie"} {
		all[name] = nginxCheck
	}
	return all
}

const haproxyVersion = "3.0.11-1+deb13u4"

// haproxySections are what may begin a section, haproxyWords what may stand in one. What is not among them is called
// unknown, although HAProxy knows more.
var (
	haproxySections = strings.Fields("global defaults frontend backend listen userlist peers resolvers cache program http-errors ring mailers")
	haproxyWords    = strings.Fields(`log chroot user group daemon stats maxconn nbthread hard-stop-after ssl-default-bind-ciphers ssl-default-bind-ciphersuites
		ssl-default-bind-options ca-base crt-base pidfile master-worker tune.bufsize tune.ssl.default-dh-param mode option retries timeout default-server errorfile
		bind default_backend use_backend monitor-uri monitor balance http-check tcp-check server acl http-request http-response tcp-request tcp-response
		clitcpka-idle clitcpka-intvl clitcpka-cnt srvtcpka-idle srvtcpka-intvl srvtcpka-cnt fullconn description cookie hash-type id disabled enabled
		redirect compression email-alert stick stick-table unique-id-format nameserver resolve_retries hold peer http-reuse server-template backlog dispatch
		source set-dumpable external-check setenv presetenv resetenv unsetenv node uid gid ulimit-n localpeer insecure-fork-wanted`)
)

// haproxyCheck is haproxy -c -f FILE, and -v.
func haproxyCheck(_ context.Context, c *shell.Call) int {
	given, rest, err := grammar{short: "cvVf:qdDW"}.parse(splitDouble(c.Args[1:]))
	switch {
	case err != nil || len(rest) > 0:
		fmt.Fprintf(c.Stderr, "[ALERT]    (%d) : %s: an option or argument that is not simulated; -c -f FILE and -v are\n", c.PID, c.Name())
		return 1
	case given.has("v"):
		fmt.Fprintf(c.Stdout, "HAProxy version %s 2026/10/15 - https://haproxy.org/\nStatus: long-term supported branch - will stop receiving fixes around Q2 2029.\nKnown bugs: http://www.haproxy.org/bugs/bugs-3.0.11.html\n", haproxyVersion)
		return 0
	case !given.has("c"):
		fmt.Fprintf(c.Stderr, "[ALERT]    (%d) : running HAProxy by hand is not simulated; systemctl start haproxy runs it\n", c.PID)
		return 1
	}
	var alerts []string
	for _, file := range given.values("f") {
		b, err := c.ReadFile(file)
		if err != nil {
			alerts = append(alerts, fmt.Sprintf("config : Cannot open configuration file/directory %s : %s", file, shell.Reason(err)))
			continue
		}
		alerts = append(alerts, haproxyMistakes(file, string(b))...)
	}
	if len(alerts) > 0 {
		fmt.Fprintf(c.Stderr, "[NOTICE]   (%d) : haproxy version is %s\n[NOTICE]   (%d) : path to executable is /usr/sbin/haproxy\n", c.PID, haproxyVersion, c.PID)
		for _, a := range alerts {
			fmt.Fprintf(c.Stderr, "[ALERT]    (%d) : %s\n", c.PID, a)
		}
		if strings.Contains(alerts[0], "parsing") {
			fmt.Fprintf(c.Stderr, "[ALERT]    (%d) : config : Error(s) found in configuration file : %s\n", c.PID, given.value("f"))
		}
		return 1
	}
	if given.has("V") {
		fmt.Fprintln(c.Stdout, "Configuration file is valid")
	}
	return 0
}

// splitDouble lets the words before -- through.
func splitDouble(args []string) []string {
	return slices.DeleteFunc(slices.Clone(args), func(a string) bool { return a == "--" })
}

// haproxyMistakes are the mistakes of a configuration in HAProxy's words.
func haproxyMistakes(file, text string) []string {
	var out []string
	section, name := "", ""
	backends, used := map[string]bool{}, map[string]int{}
	number := 0
	for line := range strings.Lines(text) {
		number++
		at := fmt.Sprintf("config : parsing [%s:%d] : ", file, number)
		f := strings.Fields(uncommented(line))
		if len(f) == 0 {
			continue
		}
		if !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "\t") && slices.Contains(haproxySections, f[0]) {
			section, name = f[0], ""
			if len(f) > 1 {
				name = f[1]
			}
			if section == "backend" || section == "listen" {
				backends[name] = true
			}
			continue
		}
		switch {
		case section == "":
			out = append(out, at+fmt.Sprintf("unknown keyword '%s' out of section.", f[0]))
		case f[0] == "no" && len(f) > 1 && slices.Contains(haproxyWords, f[1]):
		case !slices.Contains(haproxyWords, f[0]):
			out = append(out, at+fmt.Sprintf("unknown keyword '%s' in '%s' section", f[0], section))
		case f[0] == "default_backend" && len(f) > 1:
			used[f[1]] = number
		case f[0] == "server" && len(f) < 3:
			out = append(out, at+"'server' expects <name> and <addr>[:<port>] as arguments.")
		case f[0] == "server":
			ip, _, _ := strings.Cut(f[2], ":")
			if _, err := netip.ParseAddr(ip); err != nil && strings.Trim(ip, "0123456789.") == "" {
				out = append(out, at+fmt.Sprintf("'server %s' : invalid address: '%s' in '%s'", f[1], ip, f[2]))
			}
		case f[0] == "bind" && len(f) < 2:
			out = append(out, at+"'bind' expects {<path>|[addr1]:port1[-end1]}{,[addr]:port[-end]}... as arguments.")
		}
	}
	for _, b := range sortedKeys(used) {
		if !backends[b] {
			out = append(out, fmt.Sprintf("config : [%s:%d] : proxy: unable to find required default_backend: '%s'.", file, used[b], b))
		}
	}
	return out
}

// uncommented is a line without its comment.
func uncommented(line string) string {
	for i := range line {
		if line[i] == '#' && (i == 0 || line[i-1] != '\\') {
			return line[:i]
		}
	}
	return line
}
