package tools

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"recon/internal/twin/shell"
	"recon/internal/twin/world"
)

// vrrpTable is the table in which a firewall that drops VRRP stands.
const vrrpTable = "vrrp_drop"

// nft lists the rule set and deletes from it; the only rules of a training host are those that drop VRRP.
func (k *kit) nft(_ context.Context, c *shell.Call) int {
	words, handles := []string{}, false
	for _, w := range c.Args[1:] {
		switch {
		case w == "-v" || w == "--version":
			fmt.Fprintln(c.Stdout, "nftables v1.1.3 (Commodore Bullmoose #4)")
			return 0
		case w == "-a" || w == "--handle":
			handles = true
		case w == "-n":
		case strings.HasPrefix(w, "-") && w != "-":
			return c.Fail(1, "the option %s is not simulated", w)
		default:
			words = append(words, w)
		}
	}
	if c.User != "root" {
		fmt.Fprintln(c.Stderr, "Operation not permitted (you must be root)\nnetlink: Error: cache initialization failed: Operation not permitted")
		return 1
	}
	line := strings.Join(words, " ")
	blocked := false
	k.look(c, func(h *world.Host) { blocked = h.DropVRRP })
	table := "inet " + vrrpTable
	switch {
	case line == "list ruleset" || blocked && line == "list table "+table:
		if blocked {
			fmt.Fprint(c.Stdout, ruleset(handles))
		}
		return 0
	case line == "list tables":
		if blocked {
			fmt.Fprintln(c.Stdout, "table "+table)
		}
		return 0
	case line == "flush ruleset", blocked && (line == "delete table "+table || line == "flush table "+table):
		k.open(c)
		return 0
	case strings.HasPrefix(line, "delete rule "+table+" "):
		return k.deleteRule(c, words)
	case strings.HasPrefix(line, "list table ") || strings.HasPrefix(line, "delete "):
		fmt.Fprintf(c.Stderr, "Error: No such file or directory\n%s\n", line)
		return 1
	}
	return c.Fail(1, "%q is not simulated; `list ruleset`, `list tables`, `delete rule`, `delete table` and `flush ruleset` are", line)
}

func (k *kit) deleteRule(c *shell.Call, words []string) int {
	handle := 0
	if len(words) == 7 && words[5] == "handle" {
		handle, _ = strconv.Atoi(words[6]) // what is no number is no rule
	}
	chain := map[int]string{2: "input", 4: "output"}[handle]
	blocked := false
	k.look(c, func(h *world.Host) { blocked = h.DropVRRP })
	switch {
	case chain == "" || words[4] != chain:
		fmt.Fprintf(c.Stderr, "Error: Could not process rule: No such file or directory\n%s\n", strings.Join(words, " "))
		return 1
	case blocked && chain == "output":
		k.open(c) // a half-closed firewall is not simulated: the last rule opens it
	}
	return 0
}

func (k *kit) open(c *shell.Call) { k.change(c, func(h *world.Host) { h.DropVRRP = false }) }

func ruleset(handles bool) string {
	at := func(n int) string {
		if !handles {
			return ""
		}
		return " # handle " + strconv.Itoa(n)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "table inet %s {%s\n", vrrpTable, at(5))
	for i, hook := range []string{"input", "output"} {
		fmt.Fprintf(&b, "\tchain %s {%s\n\t\ttype filter hook %s priority filter - 10; policy accept;\n\t\tip protocol vrrp drop%s\n\t}\n", hook, at(2*i+1), hook, at(2*i+2))
		if i == 0 {
			b.WriteString("\n")
		}
	}
	b.WriteString("}\n")
	return b.String()
}
