package setup

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"recon/internal/inventory"
)

var (
	variable = regexp.MustCompile(`\A[A-Za-z_][A-Za-z0-9_]*\z`)
	version  = regexp.MustCompile(`\A([0-9]+)\.([0-9]+)\.[0-9]+\z`)
)

// value is the check of the cluster file itself at one of its keys.
func value(key string) func(string) error {
	return func(s string) error { return inventory.CheckValue(key, s) }
}

// keep stores a text that passes a check.
func keep(to *string, s string, check func(string) error) error {
	if err := check(s); err != nil {
		return err
	}
	*to = s
	return nil
}

// keepAll stores a list whose items, with commas between, all pass.
func keepAll(to *[]string, s string, checks ...func(string) error) error {
	var list []string
	for item := range strings.SplitSeq(s, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		for _, check := range checks {
			if err := check(item); err != nil {
				return err
			}
		}
		if slices.Contains(list, item) {
			return fmt.Errorf("%s stands there twice", item)
		}
		list = append(list, item)
	}
	*to = list
	return nil
}

func orNothing(check func(string) error) func(string) error {
	return func(s string) error {
		if s == "" {
			return nil
		}
		return check(s)
	}
}

func oneOf(choices []Choice) func(string) error {
	return func(s string) error {
		var words []string
		for _, c := range choices {
			if c.Word == s {
				return nil
			}
			words = append(words, c.Word)
		}
		return fmt.Errorf("it cannot be %q, write one of %s", s, strings.Join(words, ", "))
	}
}

func (m Machine) isFile(path string) error {
	if m.Exists != nil && !m.Exists(path) {
		return fmt.Errorf("there is no file %s on this machine", path)
	}
	return nil
}

func (m Machine) isArchive(s string) error {
	if u, err := url.Parse(s); err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
		return nil
	}
	if !strings.HasPrefix(s, "/") {
		return errors.New("it is neither a URL nor an absolute path")
	}
	return m.isFile(s)
}

func siteName(s string) error {
	if strings.ContainsAny(s, "/:") {
		return errors.New("write the name alone, without https:// and without a port")
	}
	if _, err := netip.ParseAddr(s); err == nil {
		return errors.New("it is an address, and a certificate needs a name")
	}
	if inventory.CheckValue("nodes.address", s) != nil || strings.Contains(s, "_") {
		return fmt.Errorf("%q is not a host name, write it as netbox.example.com", s)
	}
	return nil
}

func netboxVersion(s string) error {
	m := version.FindStringSubmatch(s)
	if m == nil {
		return fmt.Errorf("%q is not a version, write it as 4.5.1", s)
	}
	major, _ := strconv.Atoi(m[1])
	minor, _ := strconv.Atoi(m[2])
	if major < 4 || major == 4 && minor < 5 {
		return fmt.Errorf("%s is older than 4.5, which these roles are written for", s)
	}
	return nil
}

// ipv4 is an address of a host.
func ipv4(s string) (netip.Addr, error) {
	// The cluster file takes names of hosts too; the roles put the address into their configuration.
	if err := inventory.CheckValue("vips.address", s); err != nil {
		return netip.Addr{}, err
	}
	ip, err := netip.ParseAddr(s)
	switch {
	case err != nil:
		return ip, err
	case !ip.Is4():
		return ip, fmt.Errorf("%s is not an IPv4 address, which the roles need", s)
	case ip.IsLoopback():
		return ip, fmt.Errorf("%s is every host's own, the other hosts do not reach it", s)
	}
	return ip, nil
}

func (a *Answers) setAddress(i int, s string) error {
	if _, err := ipv4(s); err != nil {
		return err
	}
	for j, n := range a.Nodes {
		if j != i && n.Address == s {
			return fmt.Errorf("host %d has the address %s already", j+1, s)
		}
	}
	nodes := slices.Clone(a.Nodes)
	if i == len(nodes) {
		nodes = append(nodes, Node{})
	}
	nodes[i].Address = s
	a.Nodes = nodes
	return nil
}

func (a *Answers) setName(i int, s string) error {
	if err := inventory.CheckValue("nodes.name", s); err != nil {
		return err
	}
	if s == "console" || s == "all" || s == "localhost" {
		return fmt.Errorf("a host cannot be called %s, the word means something else in steps and to Ansible", s)
	}
	if slices.Contains(groups(), s) {
		return fmt.Errorf("a host cannot be called %s, a group of Ansible's is", s)
	}
	for j, n := range a.Nodes {
		if j != i && n.Name == s {
			return fmt.Errorf("host %d is called %s already", j+1, s)
		}
	}
	a.Nodes = slices.Clone(a.Nodes)
	a.Nodes[i].Name = s
	return nil
}

// groups are the services, which are Ansible's groups.
func groups() []string {
	return []string{"etcd", "patroni", "postgres", "redis", "sentinel", "haproxy", "keepalived", "pgbouncer", "web", "netbox"}
}

// nodesNetwork is the /24 of the hosts, when they share one.
func nodesNetwork(a Answers) string {
	var out netip.Prefix
	for _, n := range a.Nodes {
		ip, err := netip.ParseAddr(n.Address)
		if err != nil {
			return ""
		}
		p := netip.PrefixFrom(ip, 24).Masked()
		if out.IsValid() && p != out {
			return ""
		}
		out = p
	}
	if !out.IsValid() {
		return ""
	}
	return out.String()
}

func (a *Answers) setNetworks(s string) error {
	var list []string
	err := keepAll(&list, s, func(s string) error {
		p, err := netip.ParsePrefix(s)
		switch {
		case err != nil:
			return fmt.Errorf("%q is not a network, write it as 10.0.0.0/24", s)
		case !p.Addr().Is4():
			return fmt.Errorf("%s is not an IPv4 network, which the roles need", s)
		case p != p.Masked():
			return fmt.Errorf("%s is an address in a network, did you mean %s?", s, p.Masked())
		}
		return nil
	})
	if err != nil {
		return err
	}
	b := *a
	b.Networks = list
	for _, n := range a.Nodes {
		if ip, err := netip.ParseAddr(n.Address); err == nil && !b.within(ip).IsValid() {
			return fmt.Errorf("the host %s (%s) is in none of them, and the hosts are clients too", n.Name, n.Address)
		}
	}
	a.Networks = list
	return nil
}

// within is the narrowest of the networks that an address is in.
func (a Answers) within(ip netip.Addr) netip.Prefix {
	var out netip.Prefix
	for _, s := range a.Networks {
		if p, err := netip.ParsePrefix(s); err == nil && p.Contains(ip) && (!out.IsValid() || p.Bits() > out.Bits()) {
			out = p
		}
	}
	return out
}

func wideWarning(a Answers) string {
	for _, s := range a.Networks {
		if p, err := netip.ParsePrefix(s); err == nil && p.Bits() < 8 {
			return s + " lets nearly everybody try passwords at the database"
		}
	}
	return ""
}

// setVIP takes a floating address: unused by the hosts and by the other one, in the network of every host, and with a last
// number of its own, which is the router id of VRRP.
func (a *Answers) setVIP(to *string, s, other string) error {
	ip, err := ipv4(s)
	if err != nil {
		return err
	}
	for _, n := range a.Nodes {
		if n.Address == s {
			return fmt.Errorf("it is the address of the host %s, a floating address needs one of its own", n.Name)
		}
	}
	for _, n := range a.Nodes {
		at, err := netip.ParseAddr(n.Address)
		if err != nil {
			continue
		}
		p := a.within(at)
		if !p.Contains(ip) {
			return fmt.Errorf("it is not in the network of the host %s (%s), so no host could answer for it", n.Name, p)
		}
		if ip == p.Addr() || ip == last(p) {
			return fmt.Errorf("it is the first or the last address of %s, which no host can have", p)
		}
	}
	id := ip.As4()[3]
	switch {
	case id == 0:
		return errors.New("it ends in 0, and the last number is the router id of VRRP, from 1 to 255")
	case s == other:
		return errors.New("it is the other floating address, take another")
	case lastNumber(other) == int(id):
		return fmt.Errorf("it ends in %d like the other floating address, and the last number is the router id of VRRP, which must differ", id)
	}
	*to = s
	return nil
}

// lastNumber is the last one of an IPv4 address, 0 of anything else.
func lastNumber(s string) int {
	ip, err := netip.ParseAddr(s)
	if err != nil || !ip.Is4() {
		return 0
	}
	return int(ip.As4()[3])
}

// last is the broadcast address of a network.
func last(p netip.Prefix) netip.Addr {
	b := p.Addr().As4()
	for i := p.Bits(); i < 32; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	return netip.AddrFrom4(b)
}
