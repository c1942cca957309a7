package world

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// keepalivedConfig is what a configuration says, and what is wrong with it.
type keepalivedConfig struct {
	instances []*VRRP
	scripts   map[string]*Script
	order     []string
	problems  []string
}

// keepalivedWords are those that a block may hold; a block that is not here holds anything.
var keepalivedWords = map[string][]string{
	"": {"global_defs", "vrrp_script", "vrrp_instance", "vrrp_sync_group", "include", "virtual_server", "net_namespace"},
	"global_defs": {
		"router_id", "script_user", "enable_script_security", "vrrp_garp_master_repeat", "vrrp_garp_master_refresh", "vrrp_garp_master_delay",
		"notification_email", "notification_email_from", "smtp_server", "vrrp_version", "vrrp_strict", "vrrp_skip_check_adv_addr", "max_auto_priority", "dynamic_interfaces",
	},
	"vrrp_script": {"script", "interval", "timeout", "fall", "rise", "weight", "user", "init_fail"},
	"vrrp_instance": {
		"state", "interface", "virtual_router_id", "priority", "advert_int", "authentication", "unicast_src_ip", "unicast_peer", "virtual_ipaddress",
		"virtual_ipaddress_excluded", "track_script", "track_interface", "garp_master_refresh", "garp_master_delay", "garp_master_repeat", "nopreempt", "preempt_delay",
		"notify", "notify_master", "notify_backup", "notify_fault", "mcast_src_ip", "use_vmac", "dont_track_primary", "accept", "smtp_alert",
	},
	"authentication": {"auth_type", "auth_pass"},
}

// readKeepalived reads the blocks that matter here.
func readKeepalived(conf string) keepalivedConfig {
	c := keepalivedConfig{scripts: map[string]*Script{}}
	var blocks []string
	var v *VRRP
	var s *Script
	n := 0
	for line := range strings.Lines(conf) {
		n++
		if i := strings.IndexAny(line, "#!"); i >= 0 {
			line = line[:i]
		}
		f := strings.Fields(strings.NewReplacer("{", " { ", "}", " } ").Replace(line))
		if len(f) == 0 {
			continue
		}
		if f[0] == "}" {
			if len(blocks) == 0 {
				c.problems = append(c.problems, fmt.Sprintf("(Line %d) Unexpected '}' found", n))
				continue
			}
			blocks = blocks[:len(blocks)-1]
			continue
		}
		in := ""
		if len(blocks) > 0 {
			in = blocks[len(blocks)-1]
		}
		if known, ok := keepalivedWords[in]; ok && !slices.Contains(known, f[0]) {
			c.problems = append(c.problems, fmt.Sprintf("(Line %d) Unknown keyword '%s'", n, f[0]))
		}
		word := ""
		if len(f) > 1 {
			word = f[1]
		}
		number, _ := strconv.Atoi(word) // 0 where it is no number
		// Settings count where the block itself stands where it belongs.
		outer := in
		if len(blocks) > 1 {
			outer = blocks[0]
		}
		switch {
		case in == "":
			switch f[0] {
			case "vrrp_instance":
				v = &VRRP{Name: word, Priority: 100}
				c.instances = append(c.instances, v)
			case "vrrp_script":
				s = &Script{Name: word, Interval: time.Second, Good: true, Fall: 1, Rise: 1}
				c.scripts[word] = s
				c.order = append(c.order, word)
			}
		case outer == "vrrp_script" && len(blocks) == 1:
			s.setting(f[0], line, number)
		case outer != "vrrp_instance":
		case in == "vrrp_instance":
			switch f[0] {
			case "priority":
				v.Priority = number
			case "virtual_router_id":
				v.Router = number
			}
		case in == "authentication":
			if f[0] == "auth_pass" {
				v.Auth = word[:min(len(word), 8)]
			}
		case in == "unicast_peer":
			v.Peers = append(v.Peers, f[0])
		case in == "virtual_ipaddress":
			v.VIP, _, _ = strings.Cut(f[0], "/")
		case in == "track_script":
			v.Tracks = append(v.Tracks, f[0])
			if c.scripts[f[0]] == nil {
				c.problems = append(c.problems, fmt.Sprintf("(%s) tracked script %s not found, ignoring...", v.Name, f[0]))
			}
		}
		if f[len(f)-1] == "{" {
			blocks = append(blocks, f[0])
		} else if i := slices.Index(f, "{"); i > 0 && f[len(f)-1] != "}" {
			blocks = append(blocks, f[0])
		}
	}
	if len(blocks) > 0 {
		c.problems = append(c.problems, fmt.Sprintf("(Line %d) Missing '}' for block %s", n, blocks[len(blocks)-1]))
	}
	return c
}

func (s *Script) setting(word, line string, number int) {
	switch word {
	case "weight":
		s.Weight = number
	case "interval":
		s.Interval = time.Duration(number) * time.Second
	case "fall":
		s.Fall = max(number, 1)
	case "rise":
		s.Rise = max(number, 1)
	case "script":
		s.Command = strings.Trim(strings.TrimPrefix(strings.TrimSpace(line), "script"), " \t\"")
	}
}

// CheckKeepalived is `keepalived -t`: the lines that it prints; none is a good configuration.
func CheckKeepalived(conf string) []string {
	c := readKeepalived(conf)
	return c.problems
}
