package probes

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// report is GET /patroni: the agent's word on its own PostgreSQL. It is always sent with status 200; positions are
// integers, in bytes; timeline, versions and positions are missing while PostgreSQL does not answer (Patroni's api.py).
type report struct {
	State    string `json:"state"`
	Role     string `json:"role"`
	Server   int    `json:"server_version"`
	Timeline *int   `json:"timeline"`
	XLog     struct {
		Location *int64 `json:"location"`
		Received *int64 `json:"received_location"`
		Replayed *int64 `json:"replayed_location"`
	} `json:"xlog"`
	Replication   string `json:"replication_state"`
	SyncStandby   bool   `json:"sync_standby"`
	QuorumStandby bool   `json:"quorum_standby"`
	Pending       bool   `json:"pending_restart"`
	Unlocked      bool   `json:"cluster_unlocked"`
	Pause         bool   `json:"pause"`
	Watchdog      bool   `json:"watchdog_failed"`
	Failsafe      bool   `json:"failsafe_mode_is_active"`
	// Reasons is told by Patroni 4: setting to old and new value.
	Reasons map[string]struct {
		Old any `json:"old_value"`
		New any `json:"new_value"`
	} `json:"pending_restart_reason"`
	Restart *struct {
		At string `json:"schedule"`
	} `json:"scheduled_restart"`
	LastSeen         *float64 `json:"dcs_last_seen"`
	SystemIdentifier string   `json:"database_system_identifier"`
	Patroni          struct {
		Version, Scope, Name string
	} `json:"patroni"`
	Followers []struct {
		Name      string `json:"application_name"`
		Address   string `json:"client_addr"`
		State     string `json:"state"`
		SyncState string `json:"sync_state"`
	} `json:"replication"`
	Tags map[string]any `json:"tags"`
}

func parseReport(body []byte) (report, error) {
	var r report
	if err := decode("/patroni", body, '{', &r); err != nil {
		return report{}, err
	}
	if r.State == "" || r.Role == "" {
		return report{}, fmt.Errorf("GET /patroni: the answer says neither state nor role; is it Patroni that listens there?")
	}
	for _, s := range []*string{&r.State, &r.Role, &r.Replication, &r.SystemIdentifier, &r.Patroni.Version, &r.Patroni.Scope, &r.Patroni.Name} {
		*s = line(*s)
	}
	for i := range r.Followers {
		f := &r.Followers[i]
		f.Name, f.Address, f.State, f.SyncState = line(f.Name), line(f.Address), line(f.State), line(f.SyncState)
	}
	return r, nil
}

// view is GET /cluster: what the agent reads in etcd about everybody. It can be wrong for long.
type view struct {
	Scope     string   `json:"scope"`
	Pause     bool     `json:"pause"`
	Members   []listed `json:"members"`
	Scheduled *struct {
		At   string `json:"at"`
		From string `json:"from"`
		To   string `json:"to"`
	} `json:"scheduled_switchover"`
}

// listed is one member in a view.
type listed struct {
	Name  string `json:"name"`
	Role  string `json:"role"`
	State string `json:"state"`
	Host  string `json:"host"`
	Lag   lag    `json:"lag"`
}

// lag is a number of bytes or the word "unknown", which is nil here.
type lag struct{ bytes *int64 }

// UnmarshalJSON refuses everything but a number and "unknown".
func (l *lag) UnmarshalJSON(b []byte) error {
	if s := string(b); s == `"unknown"` || s == "null" {
		return nil
	}
	var n int64
	if err := json.Unmarshal(b, &n); err != nil {
		return fmt.Errorf("a lag must be a number of bytes or unknown: %w", err)
	}
	l.bytes = &n
	return nil
}

func parseView(body []byte) (view, error) {
	var v view
	if err := decode("/cluster", body, '{', &v); err != nil {
		return view{}, err
	}
	if v.Members == nil {
		return view{}, fmt.Errorf("GET /cluster: the answer lists no members")
	}
	v.Scope = line(v.Scope)
	for i := range v.Members {
		m := &v.Members[i]
		m.Name, m.Role, m.State, m.Host = line(m.Name), line(m.Role), line(m.State), line(m.Host)
	}
	if s := v.Scheduled; s != nil {
		s.At, s.From, s.To = line(s.At), line(s.From), line(s.To)
	}
	return v, nil
}

// parseHistory reads rows of [timeline, position, reason, time, leader]; time and leader are missing in old rows. It
// keeps the last ten.
func parseHistory(body []byte) ([]Switch, error) {
	var rows [][]json.RawMessage
	if err := decode("/history", body, '[', &rows); err != nil {
		return nil, err
	}
	const most = 10
	first := max(0, len(rows)-most)
	out := make([]Switch, 0, most)
	for i, row := range rows[first:] {
		var s Switch
		into := []any{&s.Timeline, &s.LSN, &s.Reason, &s.At, &s.Leader}
		if len(row) < 2 {
			return nil, fmt.Errorf("GET /history: row %d has %d columns, expected at least 2", first+i+1, len(row))
		}
		for j := range min(len(row), len(into)) {
			if err := json.Unmarshal(row[j], into[j]); err != nil {
				return nil, fmt.Errorf("GET /history: row %d, column %d: %w", first+i+1, j+1, err)
			}
		}
		s.Reason, s.At, s.Leader = line(s.Reason), line(s.At), line(s.Leader)
		out = append(out, s)
	}
	return out, nil
}

// parseConfig reads the dynamic configuration, with Patroni's defaults for what it does not say.
func parseConfig(body []byte) (*Config, error) {
	c := struct {
		TTL          float64  `json:"ttl"`
		LoopWait     float64  `json:"loop_wait"`
		RetryTimeout float64  `json:"retry_timeout"`
		Start        *float64 `json:"primary_start_timeout"`
		Master       *float64 `json:"master_start_timeout"`
		MaximumLag   float64  `json:"maximum_lag_on_failover"`
		Sync         any      `json:"synchronous_mode"`
		Strict       any      `json:"synchronous_mode_strict"`
		SyncCount    float64  `json:"synchronous_node_count"`
		Failsafe     any      `json:"failsafe_mode"`
		Postgres     struct {
			Rewind any `json:"use_pg_rewind"`
		} `json:"postgresql"`
		Slots map[string]json.RawMessage `json:"slots"`
	}{TTL: 30, LoopWait: 10, RetryTimeout: 10, MaximumLag: 1 << 20, SyncCount: 1}
	if err := decode("/config", body, '{', &c); err != nil {
		return nil, err
	}
	start := 300.0
	if c.Master != nil {
		start = *c.Master
	}
	if c.Start != nil {
		start = *c.Start
	}
	slots := []string{}
	for _, name := range slices.Sorted(maps.Keys(c.Slots)) {
		slots = append(slots, line(name))
	}
	return &Config{
		Slots: slots, TTL: int(c.TTL), LoopWait: int(c.LoopWait), RetryTimeout: int(c.RetryTimeout), StartTimeout: int(start),
		MaximumLag: int64(c.MaximumLag), Sync: on(c.Sync), Strict: on(c.Strict), SyncCount: int(c.SyncCount),
		Rewind: on(c.Postgres.Rewind), Failsafe: on(c.Failsafe),
	}, nil
}

// on is a switch as Patroni reads it: a boolean, or a word; `synchronous_mode: quorum` is on too.
func on(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case string:
		switch strings.ToLower(v) {
		case "on", "true", "yes", "1", "quorum":
			return true
		}
	case float64:
		return v != 0
	}
	return false
}

// reasons are the settings that wait for a restart, sorted: "max_connections: 200 to 210".
func (r report) reasons() []string {
	out := []string{}
	for _, name := range slices.Sorted(maps.Keys(r.Reasons)) {
		v := r.Reasons[name]
		out = append(out, line(fmt.Sprintf("%s: %s to %s", name, settingText(v.Old), settingText(v.New))))
	}
	return out
}

func settingText(v any) string {
	if v == nil {
		return "default"
	}
	return fmt.Sprint(v)
}

// tags are a member's tags as text: true, false, numbers and words as JSON spells them.
func tags(in map[string]any) map[string]string {
	out := make(map[string]string, len(in))
	for k, v := range in {
		switch v := v.(type) {
		case string:
			out[line(k)] = line(v)
		case bool:
			out[line(k)] = strconv.FormatBool(v)
		case float64:
			out[line(k)] = strconv.FormatFloat(v, 'g', -1, 64)
		default:
			b, err := json.Marshal(v)
			if err != nil { // what came from JSON goes back to it
				b = []byte("?")
			}
			out[line(k)] = line(string(b))
		}
	}
	return out
}
