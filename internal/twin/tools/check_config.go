package tools

import (
	"context"
	"crypto/tls"
	"fmt"
	"path"
	"slices"
	"strings"

	"recon/internal/twin/shell"
)

var keepalivedWords = strings.Fields(`global_defs vrrp_instance vrrp_script vrrp_sync_group track_script track_interface virtual_ipaddress virtual_ipaddress_excluded authentication
	unicast_peer unicast_src_ip include router_id script_user enable_script_security vrrp_garp_master_repeat vrrp_garp_master_refresh script interval timeout fall rise weight user state interface
	virtual_router_id priority advert_int auth_type auth_pass garp_master_refresh garp_master_delay nopreempt preempt_delay notify notify_master notify_backup
	notify_fault notify_stop smtp_alert group notification_email notification_email_from smtp_server smtp_connect_timeout vrrp_version vrrp_skip_check_adv_addr
	vrrp_strict vrrp_garp_interval vrrp_gna_interval dont_track_primary mcast_src_ip version track_process track_file vrrp_track_process init_fail dynamic_interfaces max_auto_priority`)

// keepalivedCheck is keepalived -t -f FILE. A file that is not there is said and ends with 0, as in version 2.3.3.
func keepalivedCheck(_ context.Context, c *shell.Call) int {
	given, rest, err := grammar{short: "tvf:", long: []string{"config-test=t?", "version=v", "use-file=f:"}}.parse(c.Args[1:])
	switch {
	case err != nil:
		return c.Fail(1, "%s", err)
	case len(rest) > 0 || !given.has("t") && !given.has("v"):
		return c.Fail(1, "only -t -f FILE and --version are simulated; systemctl start keepalived runs it")
	case given.has("v"):
		fmt.Fprintln(c.Stderr, "Keepalived v2.3.3 (03/30,2025)\n\nCopyright(C) 2001-2025 Alexandre Cassen, <acassen@gmail.com>")
		return 0
	}
	file := either(given.value("f"), "/etc/keepalived/keepalived.conf")
	b, err := c.ReadFile(file)
	if err != nil {
		fmt.Fprintf(c.Stderr, "Config files missing '%s'.\n", file)
		return 0
	}
	status, depth, number, list := 0, 0, 0, ""
	say := func(format string, args ...any) {
		fmt.Fprintf(c.Stderr, "(%s: Line %d) %s\n", file, number, fmt.Sprintf(format, args...))
		status = 1
	}
	for line := range strings.Lines(string(b)) {
		number++
		if at := strings.IndexAny(line, "#!"); at >= 0 {
			line = line[:at]
		}
		line = strings.NewReplacer("{", " { ", "}", " } ").Replace(line)
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		opened := f[0]
		if list == "" && f[0] != "{" && f[0] != "}" && !slices.Contains(keepalivedWords, f[0]) && !strings.HasPrefix(f[0], "@") {
			say("Unknown keyword '%s'", f[0])
		}
		if f[0] == "auth_pass" && len(f) > 1 && len(f[1]) > 8 {
			say("Truncating auth_pass to 8 characters")
		}
		for _, w := range f {
			switch w {
			case "{":
				depth++
				if slices.Contains([]string{"virtual_ipaddress", "virtual_ipaddress_excluded", "track_script", "unicast_peer", "track_interface", "group"}, opened) {
					list = opened
				}
			case "}":
				depth--
				list = ""
			}
		}
		if depth < 0 {
			say("Unmatched '}'")
			depth = 0
		}
	}
	if depth > 0 {
		say("Missing '}'")
	}
	return status
}

// nginxCheck is nginx -t and angie -t: braces, semicolons, and that certificates and keys belong together.
func nginxCheck(_ context.Context, c *shell.Call) int {
	name := c.Name()
	given, rest, err := grammar{short: "tTvVqc:s:g:p:"}.parse(c.Args[1:])
	switch {
	case err != nil:
		return c.Fail(1, "%s", err)
	case given.has("v"):
		version := map[string]string{"nginx": "nginx/1.26.3", "angie": "Angie/1.10.2"}[name]
		fmt.Fprintf(c.Stderr, "%s version: %s\n", name, version)
		return 0
	case len(rest) > 0 || !given.has("t") || given.has("s") || given.has("T"):
		return c.Fail(1, "only -t and -v are simulated; systemctl reload %s reloads it", name)
	}
	file := either(given.value("c"), "/etc/"+name+"/"+name+".conf")
	n := &nginxTest{call: c}
	why := n.read(file, 0)
	if why == "" {
		why = n.keys()
	}
	if why != "" {
		fmt.Fprintf(c.Stderr, "%s: [emerg] %s\n%s: configuration file %s test failed\n", name, why, name, file)
		return 1
	}
	if !given.has("q") {
		fmt.Fprintf(c.Stderr, "%s: the configuration file %s syntax is ok\n%s: configuration file %s test is successful\n", name, file, name, file)
	}
	return 0
}

// nginxTest reads a configuration and remembers its certificates and keys.
type nginxTest struct {
	call  *shell.Call
	pairs [][2]string
}

func (n *nginxTest) read(file string, depth int) (why string) {
	b, err := n.call.ReadFile(file)
	if err != nil {
		no := map[string]int{"Permission denied": 13}[shell.Reason(err)]
		if no == 0 {
			no = 2
		}
		return fmt.Sprintf("open() \"%s\" failed (%d: %s)", file, no, shell.Reason(err))
	}
	if depth > 5 {
		return "too many includes"
	}
	open, number := 0, 0
	var words []string
	for line := range strings.Lines(string(b)) {
		number++
		line, _, _ = strings.Cut(line, "#")
		for _, w := range strings.Fields(strings.NewReplacer("{", " { ", "}", " } ", ";", " ; ").Replace(line)) {
			switch w {
			case "{":
				open++
				words = nil
			case "}":
				if open--; open < 0 || len(words) > 0 {
					return fmt.Sprintf("unexpected \"}\" in %s:%d", file, number)
				}
			case ";":
				if why := n.directive(words, file, number, depth); why != "" {
					return why
				}
				words = nil
			default:
				words = append(words, strings.Trim(w, `"'`))
			}
		}
	}
	if open > 0 || len(words) > 0 {
		return fmt.Sprintf("unexpected end of file, expecting \"}\" in %s:%d", file, number)
	}
	return ""
}

func (n *nginxTest) directive(words []string, file string, number, depth int) (why string) {
	if len(words) == 0 {
		return fmt.Sprintf("unexpected \";\" in %s:%d", file, number)
	}
	if len(words) != 2 {
		return ""
	}
	value := words[1]
	if !strings.HasPrefix(value, "/") {
		value = path.Dir(file) + "/" + value
	}
	switch words[0] {
	case "include":
		return n.include(value, depth)
	case "ssl_certificate":
		n.pairs = append(n.pairs, [2]string{value})
	case "ssl_certificate_key":
		if last := len(n.pairs) - 1; last >= 0 && n.pairs[last][1] == "" {
			n.pairs[last][1] = value
		}
	}
	return ""
}

func (n *nginxTest) include(pattern string, depth int) (why string) {
	if !strings.ContainsAny(pattern, "*?[") {
		if strings.HasSuffix(pattern, "mime.types") || strings.HasSuffix(pattern, "_params") {
			return "" // the packages bring them; they say nothing that could be wrong
		}
		return n.read(pattern, depth+1)
	}
	list, err := n.call.Host.FS.ReadDir(path.Dir(pattern))
	if err != nil {
		return "" // nothing matches
	}
	for _, i := range list {
		if ok, err := path.Match(path.Base(pattern), i.Name); err == nil && ok {
			if why := n.read(i.Path, depth+1); why != "" {
				return why
			}
		}
	}
	return ""
}

// keys says what is wrong with the certificates.
func (n *nginxTest) keys() (why string) {
	for _, p := range n.pairs {
		cert, err := n.call.ReadFile(p[0])
		if err != nil {
			return fmt.Sprintf("cannot load certificate \"%s\": BIO_new_file() failed (SSL: error:80000002:system library::%s:calling fopen(%s, r))", p[0], shell.Reason(err), p[0])
		}
		key, err := n.call.ReadFile(p[1])
		if err != nil {
			return fmt.Sprintf("cannot load certificate key \"%s\": BIO_new_file() failed (SSL: error:80000002:system library::%s:calling fopen(%s, r))", p[1], shell.Reason(err), p[1])
		}
		if _, err := tls.X509KeyPair(cert, key); err != nil {
			if len(certificates(cert)) == 0 {
				return fmt.Sprintf("cannot load certificate \"%s\": PEM_read_bio_X509_AUX() failed (SSL: error:0480006C:PEM routines::no start line:Expecting: TRUSTED CERTIFICATE)", p[0])
			}
			return fmt.Sprintf("SSL_CTX_use_PrivateKey(\"%s\") failed (SSL: error:05800074:x509 certificate routines::key values mismatch)", p[1])
		}
	}
	return ""
}
