package tools

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
)

func (p *patronictlCall) list(ctx context.Context, args []string) error {
	if p.given.has("W") {
		return fmt.Errorf("patronictl list -W is not simulated")
	}
	if len(args) == 0 {
		scope, err := p.scope(args)
		if err != nil {
			return err
		}
		args = []string{scope}
	}
	format := either(p.given.value("f"), "pretty")
	for _, scope := range args {
		c, err := p.read(ctx, scope)
		if err != nil {
			return err
		}
		if p.given.has("t") {
			fmt.Fprintln(p.call.Stdout, now(p.call).UTC().Format("2006-01-02 15:04:05"))
		}
		p.printMembers(c, format, p.given.has("e"))
	}
	return nil
}

func (p *patronictlCall) topology(ctx context.Context, args []string) error {
	scope, err := p.scope(args)
	if err != nil {
		return err
	}
	c, err := p.read(ctx, scope)
	if err == nil {
		p.printMembers(c, "topology", false)
	}
	return err
}

func title(words string) string {
	parts := strings.Split(words, "_")
	for i, w := range parts {
		if w != "" {
			parts[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(parts, " ")
}

func hostOfURL(u string) (string, string) {
	_, rest, _ := strings.Cut(u, "://")
	rest, _, _ = strings.Cut(rest, "/")
	host, port, _ := strings.Cut(rest, ":")
	return host, port
}

// printMembers is the table of members, and what else is to be known of the cluster.
func (p *patronictlCall) printMembers(c *patroniCluster, format string, extended bool) {
	type row = []pair
	var rows []row
	pending, scheduled, tagged := extended, extended, extended
	for _, m := range c.members {
		pending = pending || m.Pending
		scheduled = scheduled || m.Schedule != nil
		tagged = tagged || len(m.Tags) > 0
	}
	members := slices.Clone(c.members)
	if format == "topology" {
		members = c.leaderFirst()
	}
	for _, m := range members {
		rows = append(rows, p.memberRow(c, m, format, pending, scheduled, tagged))
	}
	name := "uninitialized"
	if c.initialize != nil {
		name = either(*c.initialize, "initializing")
	}
	if len(rows) == 0 {
		rows = nil
	}
	columns := []string{"Cluster", "Member", "Host", "Role", "State", "TL", "Lag in MB"}
	if pending {
		columns = append(columns, "Pending restart", "Pending restart reason")
	}
	if scheduled {
		columns = append(columns, "Scheduled restart")
	}
	if tagged {
		columns = append(columns, "Tags")
	}
	p.print(columns, rows, format, fmt.Sprintf(" Cluster: %s (%s) ", c.scope, name), map[string]bool{"TL": true, "Lag in MB": true}, true)
	if format == "pretty" || format == "topology" {
		if c.paused() {
			fmt.Fprintln(p.call.Stdout, " Maintenance mode: on")
		}
		if at, ok := c.failover["scheduled_at"].(string); ok && at != "" {
			fmt.Fprintf(p.call.Stdout, " Switchover scheduled at: %s\n", at)
			if from, ok := c.failover["leader"].(string); ok {
				fmt.Fprintf(p.call.Stdout, "%24s: %s\n", "from", from)
			}
			if to, ok := c.failover["member"].(string); ok && to != "" {
				fmt.Fprintf(p.call.Stdout, "%24s: %s\n", "to", to)
			}
		}
	}
}

func (p *patronictlCall) memberRow(c *patroniCluster, m *patroniMember, format string, pending, scheduled, tagged bool) []pair {
	host, _ := hostOfURL(m.ConnURL)
	name := m.name
	if format == "topology" && m.name != c.leader {
		name = "+ " + name
	}
	role := c.role(m)
	state := m.State
	var lag any = ""
	if role != "leader" {
		if m.State == "running" && m.Repl != "" {
			state = m.Repl
		}
		lag = "unknown"
		at := m.Replay
		if at == nil {
			at = m.Location
		}
		if at != nil && c.leader != "" {
			lag = int64(math.RoundToEven(float64(max(c.optime-*at, 0)) / 1024 / 1024))
		}
	}
	var timeline any = ""
	if m.Timeline > 0 {
		timeline = m.Timeline
	}
	row := []pair{{"Cluster", c.scope}, {"Member", name}, {"Host", host}, {"Role", title(role)}, {"State", state}, {"TL", timeline}, {"Lag in MB", lag}}
	if pending {
		var why []string
		for _, n := range sortedKeys(m.Reason) {
			text := n + ": " + m.Reason[n]["old_value"] + "->" + m.Reason[n]["new_value"]
			if (format == "pretty" || format == "topology") && len(text) > 50 {
				text = n + ": [hidden - too long]"
			}
			why = append(why, text)
		}
		mark := ""
		if m.Pending {
			mark = "*"
		}
		row = append(row, pair{"Pending restart", mark}, pair{"Pending restart reason", strings.Join(why, "\n")})
	}
	if scheduled {
		at, _ := m.Schedule["schedule"].(string)
		row = append(row, pair{"Scheduled restart", at})
	}
	if tagged {
		var tags any = ""
		if len(m.Tags) > 0 {
			tags = m.Tags
		}
		row = append(row, pair{"Tags", tags})
	}
	return row
}

// print prints rows in one of patronictl's formats. named says that the first column is the cluster's name, which the
// title of a pretty table says already.
func (p *patronictlCall) print(columns []string, rows [][]pair, format, heading string, right map[string]bool, named bool) {
	out := p.call.Stdout
	full := func(r []pair) []pair {
		return slices.DeleteFunc(slices.Clone(r), func(x pair) bool { return named && fmt.Sprint(x.value) == "" })
	}
	switch format {
	case "json":
		list := make([]any, len(rows))
		for i, r := range rows {
			list[i] = full(r)
		}
		fmt.Fprintln(out, pythonJSON(list))
		return
	case "yaml", "yml":
		list := make([]any, len(rows))
		for i, r := range rows {
			m := map[string]any{}
			for _, x := range full(r) {
				m[x.key] = x.value
			}
			list[i] = m
		}
		fmt.Fprintln(out, yamlText(list, ""))
		return
	}
	cells := make([][]string, len(rows))
	for i, r := range rows {
		for _, x := range r {
			text := fmt.Sprint(x.value)
			if tags, ok := x.value.(map[string]any); ok {
				text = strings.TrimSpace(yamlText(tags, ""))
				if format != "pretty" {
					text = "{" + strings.ReplaceAll(text, "\n", ", ") + "}"
				}
			}
			cells[i] = append(cells[i], text)
		}
	}
	if format == "tsv" {
		for _, r := range append([][]string{columns}, cells...) {
			fmt.Fprintln(out, strings.Join(r, "\t"))
		}
		return
	}
	if named {
		columns = columns[1:]
		for i := range cells {
			cells[i] = cells[i][1:]
		}
	}
	fmt.Fprint(out, prettyTable(heading, columns, cells, right))
}

func (p *patronictlCall) history(ctx context.Context, args []string) error {
	scope, err := p.scope(args)
	if err != nil {
		return err
	}
	c, err := p.read(ctx, scope)
	if err != nil {
		return err
	}
	columns := []string{"TL", "LSN", "Reason", "Timestamp", "New Leader"}
	var rows [][]pair
	for _, line := range c.history {
		parts, _ := line.([]any)
		var row []pair
		for i, col := range columns {
			var v any = ""
			if i < len(parts) {
				v = parts[i]
			}
			if f, ok := v.(float64); ok {
				v = int64(f)
			}
			row = append(row, pair{col, v})
		}
		rows = append(rows, row)
	}
	p.print(columns, rows, either(p.given.value("f"), "pretty"), "", map[string]bool{"TL": true, "LSN": true}, false)
	return nil
}

func (p *patronictlCall) showConfig(ctx context.Context, args []string) error {
	scope, err := p.scope(args)
	if err != nil {
		return err
	}
	c, err := p.read(ctx, scope)
	if err == nil && c.config != nil {
		fmt.Fprintln(p.call.Stdout, yamlText(c.config, ""))
	}
	return err
}

func (p *patronictlCall) dsn(ctx context.Context, args []string) error {
	scope, err := p.scope(args)
	if err != nil {
		return err
	}
	c, err := p.read(ctx, scope)
	if err != nil {
		return err
	}
	if p.given.has("m") && p.given.has("r") {
		return fmt.Errorf("--role and --member are mutually exclusive options")
	}
	name := either(p.given.value("m"), c.leader)
	m := c.member(name)
	if r := p.given.value("r"); r == "replica" {
		m = nil
		for _, o := range c.members {
			if m == nil && o.name != c.leader {
				m = o
			}
		}
	}
	if m == nil {
		return saying("Can not find a suitable member")
	}
	host, port := hostOfURL(m.ConnURL)
	fmt.Fprintf(p.call.Stdout, "host=%s port=%s\n", host, port)
	return nil
}
