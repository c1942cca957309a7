package servers

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"recon/internal/twin/world"
)

// HAProxyCommand is what the admin socket answers to a line, which may hold several commands between semicolons. The caller
// holds the world's lock, for changing.
func HAProxyCommand(w *world.World, h *world.Host, line string) string {
	var b strings.Builder
	for command := range strings.SplitSeq(strings.TrimSpace(line), ";") {
		// An answer ends with an empty line.
		answer := strings.TrimRight(socketCommand(w, h, strings.Fields(command)), "\n")
		if answer != "" {
			answer += "\n"
		}
		b.WriteString(answer + "\n")
	}
	return b.String()
}

func socketCommand(w *world.World, h *world.Host, f []string) string {
	is := func(words ...string) bool { return len(f) >= len(words) && slices.Equal(f[:len(words)], words) }
	word := func(i int) string {
		if i < len(f) {
			return f[i]
		}
		return ""
	}
	switch {
	case len(f) == 0, is("quit"), is("prompt"):
		return ""
	case is("help"):
		return socketHelp("The following commands are valid at this level:")
	case is("show", "stat"):
		return ShowStat(w, h)
	case is("show", "info"):
		return showInfo(w, h)
	case is("show", "version"):
		return haproxyVersion
	case is("show", "servers", "state"):
		return showServersState(w, h, word(3))
	case is("show", "servers", "conn"):
		return showServersConn(w, h)
	case is("show", "backend"):
		out := "# name\n"
		for _, b := range h.HAProxy.Backends {
			out += b.Name + "\n"
		}
		return out
	case is("show", "sess"), is("show", "errors"), is("show", "table"):
		return ""
	case is("set", "server"):
		return setServer(w, h, f[2:])
	case is("enable", "server"), is("disable", "server"):
		b, s, why := findServer(h, word(2))
		if why != "" {
			return why
		}
		return w.SetServer(h, b.Name, s.Name, map[string]string{"enable": "ready", "disable": "maint"}[f[0]])
	case is("enable", "health"), is("disable", "health"):
		_, _, why := findServer(h, word(2))
		return why
	case is("shutdown", "sessions", "server"):
		_, s, why := findServer(h, word(3))
		if why == "" {
			s.Cut++
		}
		return why
	}
	return socketHelp(fmt.Sprintf("Unknown command: '%s', but maybe one of the following ones is a better match:", strings.Join(f, " ")))
}

func socketHelp(head string) string {
	return head + `
  disable health                          : disable health checks
  disable server (DEPRECATED)             : disable a server for maintenance (use 'set server' instead)
  enable health                           : enable health checks
  enable server  (DEPRECATED)             : enable a disabled server (use 'set server' instead)
  set server <srv> [opts]                 : change a server's state, weight, address or ssl
  show backend                            : list backends in the current running config
  show info [desc|json|typed|float]*      : report information about the running process
  show servers conn [<backend>]           : dump server connections status (all or for a single backend)
  show servers state [<backend>]          : dump volatile server information (all or for a single backend)
  show sess [help|<id>|all|susp|older...] : report the list of current streams or dump this exact stream
  show stat [desc|json|no-maint|typed|up]*: report counters for each proxy and server
  shutdown sessions server <bk>/<srv>     : kill sessions on a server
  show version                            : show version of the current process
  help [<command>]                        : list matching or all commands
  prompt [timed]                          : toggle interactive mode with prompt
  quit                                    : disconnect
`
}

// findServer is the server of BACKEND/SERVER, or why there is none.
func findServer(h *world.Host, name string) (*world.Backend, *world.Server, string) {
	backend, server, ok := strings.Cut(name, "/")
	if !ok {
		return nil, nil, "Require 'backend/server'."
	}
	b := h.HAProxy.Backend(backend)
	if b == nil {
		return nil, nil, "No such backend."
	}
	s := b.Server(server)
	if s == nil {
		return nil, nil, "No such server."
	}
	return b, s, ""
}

func setServer(w *world.World, h *world.Host, f []string) string {
	if len(f) == 0 {
		return "Require 'backend/server'."
	}
	b, s, why := findServer(h, f[0])
	switch {
	case why != "":
		return why
	case len(f) == 3 && f[1] == "state":
		return w.SetServer(h, b.Name, s.Name, f[2])
	case len(f) == 3 && f[1] == "health":
		return w.ForceHealth(h, b, s, f[2])
	case len(f) > 1 && f[1] == "state":
		return "'set server <srv> state' expects 'ready', 'drain' and 'maint'."
	case len(f) > 1 && f[1] == "health":
		return "'set server <srv> health' expects 'up', 'stopping', or 'down'."
	}
	return "'set server <srv>' only supports 'agent', 'health', 'state', 'weight', 'addr', 'fqdn', 'check-addr', 'check-port' and 'ssl'."
}

// checkNumbers are HAProxy's numbers of the states of checks.
var checkNumbers = map[string]int{"": 0, "INI": 1, "L4OK": 6, "L4TOUT": 7, "L4CON": 8, "L7TOUT": 12, "L7RSP": 13, "L7OK": 15, "L7STS": 17}

func showServersState(w *world.World, h *world.Host, only string) string {
	var b strings.Builder
	b.WriteString("1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result " +
		"srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port\n")
	for _, back := range h.HAProxy.Backends {
		if only != "" && only != back.Name {
			continue
		}
		for i, s := range back.Servers {
			result, checks, op, admin := 2, 6, 0, 0
			switch {
			case s.Checking:
				result, checks = 0, 7
			case s.Status == "INI" || s.Status == "":
				result = 0
			case strings.HasSuffix(s.Status, "OK"):
				result = 3
			}
			if s.Up && !s.Maint {
				op = 2
			}
			if s.Maint {
				admin, checks = 1, 2
			} else if s.Drain {
				admin = 8
			}
			fmt.Fprintf(&b, "%d %s %d %s %s %d %d 1 1 %d %d %d %d %d 0 0 0 - %d - 0 0 - - 0\n", back.ID, back.Name, i+1, s.Name, w.Host(s.Host).IP, op, admin,
				int(w.Time().Sub(s.Since)/time.Second), checkNumbers[s.Status], result, s.Health, checks, s.Port)
		}
	}
	return b.String()
}

func showServersConn(w *world.World, h *world.Host) string {
	var b strings.Builder
	b.WriteString("# bkname/svname bkid/svid addr port - purge_delay used_cur used_max need_est unsafe_nb safe_nb idle_lim idle_cur idle_per_thr[2]\n")
	for _, back := range h.HAProxy.Backends {
		for i, s := range back.Servers {
			fmt.Fprintf(&b, "%s/%s %d/%d %s %d - 5000 %d %d 1 0 0 -1 0 0 0\n", back.Name, s.Name, back.ID, i+1, w.Host(s.Host).IP, s.Port, s.Current, max(s.Current, min(s.Total, 1)))
		}
	}
	return b.String()
}
