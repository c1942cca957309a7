package bouncer

import (
	"strings"

	"recon/internal/twin/pgwire"
)

// The counters of SHOW STATS, in its order.
const counters = "server_assignment_count xact_count query_count received sent xact_time query_time wait_time client_parse_count server_parse_count bind_count"

// averaged are the names of two counters that are others as averages.
var averaged = map[string]string{"received": "recv"}

func (s Stats) row() []any {
	return []any{
		s.Assignments, s.Transactions, s.Queries, s.Received, s.Sent, s.TransactionTime, s.QueryTime, s.WaitTime, s.ClientParses, s.ServerParses, s.Binds,
	}
}

func (s Stats) averages() []any {
	if s.Averages == nil {
		return Stats{}.row()
	}
	return s.Averages.row()
}

// stats is SHOW STATS and its relatives.
func (q *request) stats(what string) (pgwire.Result, bool) {
	var total, average, names []string
	for _, c := range strings.Fields(counters) {
		total = append(total, "total_"+c+":q")
		name := c
		if other, ok := averaged[c]; ok {
			name = other
		}
		average = append(average, "avg_"+name+":q")
	}
	all := append([]Stats{}, q.Stats...)
	all = append(all, Stats{Database: consoleName})
	if what == "totals" {
		return q.totals(total, average, all)
	}
	names = append(names, "database")
	var rows [][]any
	for _, s := range all {
		row := []any{s.Database}
		if what != "stats_averages" {
			row = append(row, s.row()...)
		}
		if what != "stats_totals" {
			row = append(row, s.averages()...)
		}
		rows = append(rows, row)
	}
	if what != "stats_averages" {
		for _, n := range total {
			names = append(names, shortened(what, "total_", n))
		}
	}
	if what != "stats_totals" {
		for _, n := range average {
			names = append(names, shortened(what, "avg_", n))
		}
	}
	return table(strings.Join(names, " "), rows)
}

// shortened drops the prefix where only one kind is shown.
func shortened(what, prefix, name string) string {
	if what == "stats" {
		return name
	}
	return strings.TrimPrefix(name, prefix)
}

// totals is SHOW TOTALS: the sums over all databases, a line each.
func (q *request) totals(total, average []string, all []Stats) (pgwire.Result, bool) {
	var rows [][]any
	add := func(names []string, of func(Stats) []any) {
		for i, n := range names {
			sum := int64(0)
			for _, s := range all {
				sum += of(s)[i].(int64)
			}
			name, _, _ := strings.Cut(n, ":")
			rows = append(rows, []any{name, sum})
		}
	}
	add(total, Stats.row)
	add(average, Stats.averages)
	return table("name value:q", rows)
}
