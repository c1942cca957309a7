package servers

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"recon/internal/twin/world"
)

// SentinelLogin says whether a user and password are right for a host's Sentinel; no name is the default user.
func SentinelLogin(_ *world.World, h *world.Host, user, password string) error {
	if (user == "" || user == "default") && (h.Sentinel.Password == "" || h.Sentinel.Password == password) {
		return nil
	}
	return errWrong
}

// SentinelCommand answers one command of a client that has logged in to a host's Sentinel, as RedisCommand does. The
// caller holds the world's lock, for changing.
func SentinelCommand(w *world.World, h *world.Host, args []string) any {
	if len(args) == 0 {
		return fail("ERR Protocol error: no command")
	}
	q := &sentinelQuery{world: w, host: h, sentinel: h.Sentinel}
	switch strings.ToLower(args[0]) {
	case "ping":
		return Simple("PONG")
	case "info":
		return q.info(args[1:])
	case "role":
		names := []any{}
		if q.sentinel.Name != "" {
			names = append(names, q.sentinel.Name)
		}
		return []any{"sentinel", names}
	case "acl":
		if len(args) > 1 && strings.EqualFold(args[1], "whoami") {
			return "default"
		}
		return fail("ERR unknown subcommand '%s'. Try ACL HELP.", strings.Join(args[1:min(2, len(args))], ""))
	case "client":
		if len(args) > 1 && strings.EqualFold(args[1], "list") {
			return ""
		}
		return Simple("OK")
	case "command":
		return []any{}
	case "shutdown":
		return told(h.Stop(world.SentinelUnit))
	case "sentinel":
		return q.sentinelCommand(args[1:])
	}
	return unknownCommand(args)
}

// sentinelQuery is one command on its way.
type sentinelQuery struct {
	world    *world.World
	host     *world.Host
	sentinel *world.Sentinel
}

// sentinelWords are the subcommands, with the fewest and most arguments (-1 is any number), and whether the first names
// the master.
var sentinelWords = map[string]struct {
	least, most int
	named       bool
	do          func(q *sentinelQuery, args []string) any
}{
	"masters": {0, 0, false, func(q *sentinelQuery, _ []string) any {
		if q.sentinel.Watched == "" {
			return []any{}
		}
		return []any{q.master()}
	}},
	"master":    {1, 1, true, func(q *sentinelQuery, _ []string) any { return q.master() }},
	"replicas":  {1, 1, true, func(q *sentinelQuery, _ []string) any { return q.replicas() }},
	"slaves":    {1, 1, true, func(q *sentinelQuery, _ []string) any { return q.replicas() }},
	"sentinels": {1, 1, true, func(q *sentinelQuery, _ []string) any { return q.others() }},
	"get-master-addr-by-name": {1, 1, false, func(q *sentinelQuery, args []string) any {
		if args[0] != q.sentinel.Name {
			return nil
		}
		return []any{q.world.Host(q.sentinel.Present()).IP, strconv.Itoa(world.RedisPort)}
	}},
	"ckquorum": {1, 1, true, func(q *sentinelQuery, _ []string) any { return q.quorum() }},
	"failover": {1, 1, true, func(q *sentinelQuery, _ []string) any { return told(q.world.FailoverRedis(q.host)) }},
	"reset":    {1, 1, false, (*sentinelQuery).reset},
	"flushconfig": {0, 0, false, func(q *sentinelQuery, _ []string) any {
		return told(q.sentinel.Flush(q.host))
	}},
	"myid":            {0, 0, false, func(q *sentinelQuery, _ []string) any { return q.sentinel.ID }},
	"set":             {3, -1, true, (*sentinelQuery).set},
	"monitor":         {4, 4, false, func(q *sentinelQuery, args []string) any { return told(q.world.MonitorRedis(q.host, args)) }},
	"remove":          {1, 1, true, func(q *sentinelQuery, _ []string) any { q.world.ForgetRedis(q.host); return Simple("OK") }},
	"config":          {1, -1, false, (*sentinelQuery).config},
	"pending-scripts": {0, 0, false, func(*sentinelQuery, []string) any { return []any{} }},
	"is-master-down-by-addr": {4, 4, false, func(q *sentinelQuery, args []string) any {
		m := q.world.Host(q.sentinel.Watched)
		return []any{bit(m != nil && m.IP == args[0] && q.sentinel.SDown), "*", int64(0)}
	}},
	"info-cache": {0, -1, false, func(*sentinelQuery, []string) any { return []any{} }},
}

func (q *sentinelQuery) sentinelCommand(args []string) any {
	if len(args) == 0 {
		return fail("ERR wrong number of arguments for 'sentinel' command")
	}
	name := strings.ToLower(args[0])
	word, known := sentinelWords[name]
	args = args[1:]
	switch {
	case !known:
		return fail("ERR unknown subcommand '%s'. Try SENTINEL HELP.", name)
	case len(args) < word.least || word.most >= 0 && len(args) > word.most:
		return fail("ERR wrong number of arguments for 'sentinel|%s' command", name)
	case word.named && (q.sentinel.Name == "" || args[0] != q.sentinel.Name):
		return fail("ERR No such master with that name")
	}
	return word.do(q, args)
}

func (q *sentinelQuery) quorum() any {
	usable, majority := q.world.Usable(q.host)
	noQuorum, noMajority := usable < q.sentinel.Quorum, usable < majority
	text := fmt.Sprintf("%d usable Sentinels. ", usable)
	switch {
	case noQuorum && noMajority:
		return errors.New("NOQUORUM " + text + "Not enough available Sentinels to reach the specified quorum for this master. Not enough available Sentinels to reach the majority and authorize a failover")
	case noQuorum:
		return errors.New("NOQUORUM " + text + "Not enough available Sentinels to reach the specified quorum for this master")
	case noMajority:
		return errors.New("NOQUORUM " + text + "Not enough available Sentinels to reach the majority and authorize a failover")
	}
	return "OK " + text + "Quorum and failover authorization can be reached"
}

func (q *sentinelQuery) reset(args []string) any {
	if ok, err := path.Match(args[0], q.sentinel.Name); q.sentinel.Name == "" || !ok || err != nil {
		return int64(0)
	}
	q.world.ResetSentinel(q.host)
	return int64(1)
}

// set is SENTINEL SET name option value ...
func (q *sentinelQuery) set(args []string) any {
	for i := 1; i < len(args); i += 2 {
		if i+1 >= len(args) {
			return fail("ERR Unknown option or number of arguments for SENTINEL SET '%s'", args[i])
		}
		if err := q.world.SetSentinel(q.host, strings.ToLower(args[i]), args[i+1]); err != nil {
			return err
		}
	}
	return Simple("OK")
}

func (q *sentinelQuery) config(args []string) any {
	if strings.EqualFold(args[0], "set") {
		return Simple("OK")
	}
	out := []any{}
	for _, s := range [][2]string{
		{"announce-hostnames", "no"}, {"announce-ip", q.host.IP}, {"announce-port", "0"}, {"loglevel", "notice"}, {"resolve-hostnames", "no"}, {"sentinel-pass", ""}, {"sentinel-user", ""},
	} {
		if slices.ContainsFunc(args[1:], func(p string) bool { ok, err := path.Match(strings.ToLower(p), s[0]); return ok && err == nil }) {
			out = append(out, s[0], s[1])
		}
	}
	return out
}

// info is INFO of a Sentinel: the sections on itself.
func (q *sentinelQuery) info(wanted []string) string {
	w, s := q.world, q.sentinel
	want := func(name string) bool {
		return len(wanted) == 0 || slices.ContainsFunc(wanted, func(word string) bool {
			return strings.EqualFold(word, name) || slices.Contains([]string{"all", "default", "everything"}, strings.ToLower(word))
		})
	}
	up := int(w.Time().Sub(s.Started) / time.Second)
	var parts []string
	if want("server") {
		parts = append(parts, fmt.Sprintf("# Server\r\nredis_version:8.0.2\r\nredis_git_sha1:00000000\r\nredis_git_dirty:0\r\nredis_build_id:b843bbd074c0e1da\r\nredis_mode:sentinel\r\n"+
			"os:Linux 6.12.48+deb13-amd64 x86_64\r\narch_bits:64\r\nprocess_id:%d\r\nprocess_supervised:systemd\r\nrun_id:%s\r\ntcp_port:%d\r\nserver_time_usec:%d\r\nuptime_in_seconds:%d\r\n"+
			"uptime_in_days:%d\r\nhz:15\r\nconfigured_hz:10\r\nexecutable:/usr/bin/redis-sentinel\r\nconfig_file:%s\r\n",
			s.PID, s.ID, world.SentinelPort, q.host.Clock().UnixMicro(), up, up/86400, world.SentinelFile))
	}
	if want("clients") {
		parts = append(parts, "# Clients\r\nconnected_clients:5\r\nmaxclients:10000\r\nblocked_clients:0\r\n")
	}
	if want("stats") {
		parts = append(parts, fmt.Sprintf("# Stats\r\ntotal_connections_received:%d\r\ntotal_commands_processed:%d\r\n", 8+up/10, 40+6*up))
	}
	if want("sentinel") {
		tilt, since := 0, -1
		if left := s.Tilt.Sub(w.Time()); left > 0 {
			tilt, since = 1, int((30*time.Second-left)/time.Second)
		}
		text := fmt.Sprintf("# Sentinel\r\nsentinel_masters:%d\r\nsentinel_tilt:%d\r\nsentinel_tilt_since_seconds:%d\r\nsentinel_running_scripts:0\r\nsentinel_scripts_queue_length:0\r\n"+
			"sentinel_simulate_failure_flags:0\r\n", bit(s.Watched != ""), tilt, since)
		if m := w.Host(s.Watched); m != nil {
			status := "ok"
			switch {
			case s.ODown:
				status = "odown"
			case s.SDown:
				status = "sdown"
			}
			text += fmt.Sprintf("master0:name=%s,status=%s,address=%s:%d,slaves=%d,sentinels=%d\r\n", s.Name, status, m.IP, world.RedisPort, len(s.Replicas), 1+len(s.Others)+len(s.Ghosts))
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "\r\n")
}
