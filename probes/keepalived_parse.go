package probes

import (
	"strconv"
	"strings"
)

// keepalivedConfig is what a host's Keepalived configuration says; instances are nil with the reason in why.
type keepalivedConfig struct {
	instances []VRRPInstance
	why       string
}

// parseKeepalived reads what keepalivedScript prints: one statement or brace a line. What is only half understood is not
// told at all, because who gets an address is decided by all priorities together.
func parseKeepalived(body string) *keepalivedConfig {
	switch firstLine(body) {
	case "closed":
		return &keepalivedConfig{why: "Keepalived's configuration may not be read by the ssh user"}
	case "missing":
		return &keepalivedConfig{why: "there is no such configuration of Keepalived, or its folder is closed to the ssh user"}
	}
	p := vrrpReader{weights: map[string]int{}}
	for l := range strings.Lines(body) {
		if w := strings.Fields(l); len(w) > 0 {
			if w[0] == complete {
				return p.result()
			}
			p.statement(w)
		}
	}
	return &keepalivedConfig{why: "the host did not tell its whole configuration of Keepalived"}
}

// vrrpReader follows the blocks of a configuration.
type vrrpReader struct {
	blocks []string // the kinds of the blocks around, from the outside
	last   []string // the statement before
	script string   // the vrrp_script around
	all    []VRRPInstance
	tracks []tracked
	// weights are those of the vrrp_scripts.
	weights map[string]int
	why     string
}

// tracked is a check that an instance names; own says that it gives a weight itself.
type tracked struct {
	instance, weight int
	script           string
	own              bool
}

func (p *vrrpReader) fail(why string) { p.why = either(p.why, why) }

func (p *vrrpReader) statement(w []string) {
	word := ""
	if len(w) > 1 {
		word = line(w[1])
	}
	in := ""
	if len(p.blocks) > 0 {
		in = p.blocks[len(p.blocks)-1]
	}
	last := p.last
	p.last = w
	switch {
	case w[0] == "{":
		p.open(last)
	case w[0] == "}":
		if len(p.blocks) == 0 {
			p.fail("the braces in its configuration do not match")
			return
		}
		p.blocks = p.blocks[:len(p.blocks)-1]
	case w[0] == "closed":
		p.fail("a file that Keepalived's configuration includes may not be read by the ssh user: " + word)
	case w[0] == "conditional":
		p.fail("Keepalived's configuration has conditions (@), which are not followed")
	case in == "vrrp_script" && w[0] == "weight":
		p.weights[p.script] = p.number(w[0], word, -253, 253)
	case len(p.all) == 0:
	case in == "vrrp_instance":
		p.setting(&p.all[len(p.all)-1], w[0], word)
	case strings.HasPrefix(in, "virtual_ipaddress"):
		i := &p.all[len(p.all)-1]
		address, _, _ := strings.Cut(w[0], "/")
		i.Addresses = append(i.Addresses, line(address))
	case in == "track_script":
		t := tracked{instance: len(p.all) - 1, script: line(w[0])}
		if len(w) > 2 {
			t.own, t.weight = true, p.number("weight", w[2], -253, 253)
		}
		if len(w) > 3 {
			p.fail("a check of Keepalived's configuration counts in reverse, which is not followed")
		}
		p.tracks = append(p.tracks, t)
	}
}

// open begins the block of the statement before it.
func (p *vrrpReader) open(of []string) {
	kind, name := "", ""
	if len(of) > 0 {
		kind = of[0]
	}
	if len(of) > 1 {
		name = line(of[1])
	}
	switch kind {
	case "vrrp_instance":
		// Without a statement the priority is 100.
		p.all = append(p.all, VRRPInstance{Name: name, Priority: 100, Addresses: []string{}, Tracks: []VRRPTrack{}})
	case "vrrp_script":
		p.script = name
		p.weights[name] = 0
	}
	const deepest = 50
	if len(p.blocks) >= deepest {
		p.fail("the braces in its configuration do not match")
		return
	}
	p.blocks = append(p.blocks, kind)
}

func (p *vrrpReader) setting(i *VRRPInstance, key, value string) {
	switch key {
	case "interface":
		i.Interface = value
	case "virtual_router_id":
		i.RouterID = p.number(key, value, 1, 255)
	case "priority":
		i.Priority = p.number(key, value, 1, 255)
	case "nopreempt":
		i.NoPreempt = true
	}
}

func (p *vrrpReader) number(key, value string, least, most int) int {
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most {
		p.fail("a " + key + " in Keepalived's configuration is no plain number, or not one that it may have")
		return 0
	}
	return n
}

func (p *vrrpReader) result() *keepalivedConfig {
	if len(p.blocks) > 0 {
		p.fail("the braces in its configuration do not match")
	}
	if p.why != "" {
		return &keepalivedConfig{why: p.why}
	}
	for _, t := range p.tracks {
		weight, known := p.weights[t.script]
		if !known {
			continue // Keepalived leaves out checks that are not defined
		}
		if t.own {
			weight = t.weight
		}
		i := &p.all[t.instance]
		i.Tracks = append(i.Tracks, VRRPTrack{Script: t.script, Weight: weight})
	}
	if p.all == nil {
		p.all = []VRRPInstance{}
	}
	return &keepalivedConfig{instances: p.all}
}
