package inventory

import (
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// hostName is a name of RFC 1123; its last label is not a number, or it would be a mistyped address.
func hostName(s string) bool {
	labels := strings.Split(strings.TrimSuffix(s, "."), ".")
	for _, l := range labels {
		if !hostLabel(l) {
			return false
		}
	}
	last := labels[len(labels)-1]
	_, err := strconv.Atoi(last)
	return err != nil && len(s) <= 253
}

func hostLabel(s string) bool {
	if len(s) == 0 || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	return strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}

// address is a field with an IP address or, where a name will do, a host name.
func address(name string, to *string, nameWillDo bool) field {
	hint := "write an IP address, such as 10.0.0.11"
	if nameWillDo {
		hint = "write an IP address or a host name"
	}
	return field{name: name, read: func(r *reader, n ast.Node) {
		if f, ok := unwrap(n).(*ast.FloatNode); ok {
			r.problem(begin(n), quote(f.Token.Value)+" is not an address", hint)
			return
		}
		s, ok := r.text(n, hint)
		if !ok {
			return
		}
		if ip, err := netip.ParseAddr(s); err == nil {
			ip = ip.Unmap()
			if ip.IsUnspecified() || ip.IsMulticast() || ip.Zone() != "" || ip == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
				r.problem(begin(n), quote(s)+" is not the address of a host", hint)
				return
			}
			*to = ip.String()
			return
		}
		if _, err := netip.ParsePrefix(s); err == nil {
			r.problem(begin(n), quote(s)+" has a prefix length", "write the address without the /")
			return
		}
		if !nameWillDo || !hostName(s) {
			r.problem(begin(n), quote(s)+" is not an address", hint)
			return
		}
		*to = strings.ToLower(strings.TrimSuffix(s, "."))
	}}
}

// port is a field with a TCP port.
func port(name string, to *int) field {
	return field{name: name, read: func(r *reader, n ast.Node) {
		if i, ok := r.number(n, 1, 65535, "a port"); ok {
			*to = i
		}
	}}
}

// hop is a host to jump through, as ssh's ProxyJump takes it.
var hop = regexp.MustCompile(`\A(?:[^@\s:/,-][^@\s:/,]*@)?(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_][A-Za-z0-9._-]*)(?::([0-9]{1,5}))?\z`)

// jumps is the field of the hosts to go through.
func jumps(to *[]string) field {
	return field{name: "jump", read: func(r *reader, n ast.Node) {
		items, ok := r.items(n, "[bastion]")
		if !ok {
			return
		}
		list := []string{}
		for _, item := range items {
			s, ok := r.text(item, "write [user@]host[:port], or a Host of ssh_config")
			if !ok {
				continue
			}
			if user, _, found := strings.Cut(s, "@"); found && strings.Contains(user, ":") {
				r.problem(begin(item), "a password in clear", "take it out and change it, jump hosts are reached with keys")
				continue
			}
			m := hop.FindStringSubmatch(s)
			p := 1
			if m != nil && m[1] != "" {
				p, _ = strconv.Atoi(m[1])
			}
			if m == nil || p < 1 || p > 65535 {
				r.problem(begin(item), quote(s)+" is not a host to jump through", "write [user@]host[:port], or a Host of ssh_config")
				continue
			}
			list = append(list, s)
		}
		*to = list
	}}
}

// webAddress is a field with an http or https URL.
func webAddress(name string, to *string) field {
	hint := "write it as https://netbox.example.com"
	return field{name: name, read: func(r *reader, n ast.Node) {
		s, ok := r.text(n, hint)
		if !ok {
			return
		}
		u, err := url.Parse(s)
		switch {
		case err == nil && u.User != nil:
			r.problem(begin(n), "a user or password inside of "+name, "take it out and change it, use the keys user and password")
		case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "":
			if strings.Contains(s, "@") {
				s = "this" // it may hold a password
			} else {
				s = quote(s)
			}
			r.problem(begin(n), s+" is not the address of a web site", hint)
		default:
			*to = strings.TrimSuffix(s, "/")
		}
	}}
}
