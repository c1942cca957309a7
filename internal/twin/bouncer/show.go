package bouncer

import (
	"cmp"
	_ "embed"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"recon/internal/twin/pgwire"
)

//go:embed config.tsv
var config string

// DefaultConfig is SHOW CONFIG of a PgBouncer 1.24.1 whose file says nothing.
func DefaultConfig() []Setting { return slices.Clone(unconfigured()) }

// unconfigured is that, once it is read; nobody changes it.
var unconfigured = sync.OnceValue(func() []Setting {
	var out []Setting
	for line := range strings.Lines(config) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) == 4 {
			out = append(out, Setting{f[0], f[1], f[2], f[3] == "yes"})
		}
	}
	return out
})

// columns reads "name port:i received:q": texts, integers (i) and large integers (q).
func columns(spec string) []pgwire.Column {
	var out []pgwire.Column
	for f := range strings.FieldsSeq(spec) {
		name, kind, _ := strings.Cut(f, ":")
		oid := map[string]uint32{"": pgtype.TextOID, "i": pgtype.Int4OID, "q": pgtype.Int8OID}[kind]
		out = append(out, pgwire.Column{Name: name, OID: oid})
	}
	return out
}

func table(spec string, rows [][]any) (pgwire.Result, bool) {
	return pgwire.Result{Columns: columns(spec), Rows: rows}, true
}

// null is a text, or NULL when it is empty.
func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

const (
	databaseColumns = "name host port:i database force_user pool_size:i min_pool_size:i reserve_pool_size:i server_lifetime:i pool_mode load_balance_hosts " +
		"max_connections:i current_connections:i max_client_connections:i current_client_connections:i paused:i disabled:i"
	poolColumns = "database user cl_active:i cl_waiting:i cl_active_cancel_req:i cl_waiting_cancel_req:i sv_active:i sv_active_cancel:i " +
		"sv_being_canceled:i sv_idle:i sv_used:i sv_tested:i sv_login:i maxwait:i maxwait_us:i pool_mode load_balance_hosts"
	socketColumns = "type user database replication state addr port:i local_addr local_port:i connect_time request_time wait:i wait_us:i close_needed:i " +
		"ptr link remote_pid:i tls application_name prepared_statements:i id:i"
	userColumns = "name pool_size reserve_pool_size pool_mode max_user_connections:i current_connections:i max_user_client_connections:i " +
		"current_client_connections:i"
)

// show answers SHOW; ok is false when there is nothing of this name.
func (q *request) show(what string) (r pgwire.Result, ok bool) {
	for _, f := range faked {
		if f[0] == what {
			return table(f[0], [][]any{{f[1]}})
		}
	}
	switch what {
	case "help":
		return pgwire.Result{Notices: []pgwire.Error{{Severity: "NOTICE", Code: "00000", Message: "Console usage", Detail: help}}}, true
	case "version":
		return table("version", [][]any{{"PgBouncer " + q.Version}})
	case "state":
		return table("key value", [][]any{{"active", yes(!q.halted())}, {"paused", yes(q.Paused)}, {"suspended", yes(q.Suspended)}})
	case "config":
		var rows [][]any
		for _, s := range q.Config {
			rows = append(rows, []any{s.Key, s.Value, s.Default, yes(s.Changeable)})
		}
		return table("key value default changeable", rows)
	case "databases":
		return table(databaseColumns, q.databases())
	case "pools":
		return table(poolColumns, q.pools())
	case "clients":
		return table(socketColumns, slices.Concat(sockets("C", q.Clients), sockets("C", q.own())))
	case "servers":
		return table(socketColumns, sockets("S", q.Servers))
	case "sockets", "active_sockets":
		return table(socketColumns, slices.Concat(sockets("C", q.Clients), sockets("S", q.Servers)))
	case "users":
		return table(userColumns, q.users())
	case "lists":
		return table("list items:i", q.lists())
	case "mem":
		return table("name size:i used:i free:i memtotal:i", q.memory())
	case "stats", "stats_totals", "stats_averages", "totals":
		return q.stats(what)
	case "peers":
		return table("peer_id:i host port:i pool_size:i", nil)
	case "peer_pools":
		return table("peer_id:i cl_active_cancel_req:i cl_waiting_cancel_req:i sv_active_cancel:i sv_login:i", nil)
	case "dns_hosts":
		return table("hostname ttl:q addrs", nil)
	case "dns_zones":
		return table("zonename serial:q count:i", nil)
	}
	return pgwire.Result{}, false
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func (q *request) databases() [][]any {
	all := append(slices.Clone(q.Databases), Database{
		Name: consoleName, Port: q.Port, Database: consoleName, ForceUser: consoleName, PoolSize: 2, ServerLifetime: 3600, PoolMode: "statement",
		ClientsNumber: len(q.own()),
	})
	slices.SortFunc(all, func(a, b Database) int { return cmp.Compare(a.Name, b.Name) })
	var rows [][]any
	for _, d := range all {
		rows = append(rows, []any{
			d.Name, null(d.Host), d.Port, d.Database, null(d.ForceUser), d.PoolSize, d.MinPoolSize, d.ReserveSize, d.ServerLifetime, null(d.PoolMode), nil,
			d.MaxConnections, d.Connections, d.MaxClientConnections, d.ClientsNumber, flag(d.Paused), flag(d.Disabled),
		})
	}
	return rows
}

func (q *request) pools() [][]any {
	all := append(slices.Clone(q.Pools), Pool{Database: consoleName, User: consoleName, ClientsActive: len(q.own()), Mode: "statement"})
	slices.SortFunc(all, func(a, b Pool) int { return cmp.Or(cmp.Compare(a.Database, b.Database), cmp.Compare(a.User, b.User)) })
	var rows [][]any
	for _, p := range all {
		rows = append(rows, []any{
			p.Database, p.User, p.ClientsActive, p.ClientsWaiting, p.CancelActive, p.CancelWaiting, p.ServersActive, p.ServersActiveCancel, p.ServersBeingCancels,
			p.ServersIdle, p.ServersUsed, p.ServersTested, p.ServersLogin, int(p.MaxWait / time.Second), int(p.MaxWait % time.Second / time.Microsecond), p.Mode, nil,
		})
	}
	return rows
}

// own are the sessions of the console.
func (q *request) own() []Socket {
	var out []Socket
	if q.console.Sessions == nil {
		return nil
	}
	for _, s := range q.console.Sessions() {
		remote, _ := netip.ParseAddrPort(fmt.Sprint(s.Remote)) // a Unix socket has none
		local, _ := netip.ParseAddrPort(fmt.Sprint(s.Local))
		a := s.Activity()
		out = append(out, Socket{
			ID: int64(s.ID), User: s.User, Database: consoleName, State: "active", Address: remote, Local: local, Connected: s.Started, Requested: a.QueryStart,
			Application: a.Application, Pointer: fmt.Sprintf("0x55c76b%06x", s.ID*0x2c0),
		})
	}
	return out
}

func sockets(kind string, list []Socket) [][]any {
	end := func(a netip.AddrPort) (string, int) {
		if !a.IsValid() {
			return "unix", 0
		}
		return a.Addr().Unmap().String(), int(a.Port())
	}
	at := func(t time.Time) any {
		if t.IsZero() {
			return nil
		}
		return t.UTC().Format("2006-01-02 15:04:05 UTC")
	}
	var rows [][]any
	for _, s := range list {
		address, port := end(s.Address)
		local, localPort := end(s.Local)
		rows = append(rows, []any{
			kind, s.User, s.Database, "none", s.State, address, port, local, localPort, at(s.Connected), at(s.Requested), int(s.Wait / time.Second),
			int(s.Wait % time.Second / time.Microsecond), flag(s.CloseNeeded), s.Pointer, s.LinkedTo, s.PID, s.TLS, s.Application, s.Prepared, s.ID,
		})
	}
	return rows
}

func (q *request) users() [][]any {
	var rows [][]any
	for _, u := range q.Users {
		size := ""
		if u.PoolSize > 0 {
			size = fmt.Sprintf("%9d", u.PoolSize)
		}
		rows = append(rows, []any{u.Name, size, "", null(u.PoolMode), u.MaxConnections, u.Connections, u.MaxClientConnections, u.ClientsTotal})
	}
	return rows
}

// cached is how many objects of a kind PgBouncer keeps in stock: it makes them fifty at a time.
func cached(used int) int { return (50 - used%50) % 50 }

func (q *request) lists() [][]any {
	clients, servers := len(q.Clients)+len(q.own()), len(q.Servers)
	return [][]any{
		{"databases", len(q.Databases) + 1},
		{"users", len(q.Users)},
		{"peers", 0},
		{"pools", len(q.Pools) + 1},
		{"peer_pools", 0},
		{"free_clients", cached(clients)},
		{"used_clients", clients},
		{"login_clients", q.LoginClients},
		{"free_servers", cached(servers)},
		{"used_servers", servers},
		{"dns_names", 0},
		{"dns_zones", 0},
		{"dns_queries", 0},
		{"dns_pending", 0},
	}
}

// memory is SHOW MEM: the sizes are those of a 64-bit build.
func (q *request) memory() [][]any {
	clients, servers := len(q.Clients)+len(q.own()), len(q.Servers)
	var rows [][]any
	for _, m := range []struct {
		name       string
		size, used int
	}{
		{"user_cache", 1288, len(q.Users)},
		{"credentials_cache", 504, len(q.Users)},
		{"db_cache", 312, len(q.Databases) + 1},
		{"peer_cache", 312, 0},
		{"peer_pool_cache", 568, 0},
		{"pool_cache", 568, len(q.Pools) + 1},
		{"outstanding_request_cache", 48, 0},
		{"server_cache", 704, servers},
		{"client_cache", 704, clients},
		{"iobuf_cache", 4112, clients + servers},
		{"var_list_cache", 40, clients + servers},
	} {
		free := cached(m.used)
		rows = append(rows, []any{m.name, m.size, m.used, free, m.size * (m.used + free)})
	}
	return rows
}

const help = "\n\tSHOW HELP|CONFIG|DATABASES|POOLS|CLIENTS|SERVERS|USERS|VERSION\n\tSHOW PEERS|PEER_POOLS\n\tSHOW SOCKETS|ACTIVE_SOCKETS|LISTS|MEM|STATE\n" +
	"\tSHOW DNS_HOSTS|DNS_ZONES\n\tSHOW STATS|STATS_TOTALS|STATS_AVERAGES|TOTALS\n\tSET key = arg\n\tRELOAD\n\tPAUSE [<db>]\n\tRESUME [<db>]\n\tDISABLE <db>\n" +
	"\tENABLE <db>\n\tRECONNECT [<db>]\n\tKILL [<db>]\n\tKILL_CLIENT <client_id>\n\tSUSPEND\n\tSHUTDOWN\n\tSHUTDOWN WAIT_FOR_SERVERS|WAIT_FOR_CLIENTS\n" +
	"\tWAIT_CLOSE [<db>]"
