package tools

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"recon/internal/twin/shell"
)

func (k *kit) processTools() map[string]shell.Command {
	return map[string]shell.Command{"ps": k.ps, "pgrep": k.pgrep, "pkill": k.pgrep, "pidof": k.pidof}
}

// column is one of ps.
type column struct {
	name, head string
	right      bool
	// last columns are not padded; width is the least.
	width int
	of    func(p proc, clock time.Time) string
}

func psTime(d time.Duration) string {
	s := int(d / time.Second)
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}

func started(p proc, clock time.Time) string {
	if clock.Sub(p.Started) < 24*time.Hour {
		return p.Started.UTC().Format("15:04")
	}
	return p.Started.UTC().Format("Jan02")
}

func short8(s string) string {
	if len(s) > 8 {
		return s[:7] + "+"
	}
	return s
}

var psColumns = []column{
	{"pid", "PID", true, 7, func(p proc, _ time.Time) string { return strconv.Itoa(p.PID) }},
	{"ppid", "PPID", true, 7, func(p proc, _ time.Time) string { return strconv.Itoa(p.PPID) }},
	{"user", "USER", false, 8, func(p proc, _ time.Time) string { return short8(p.User) }},
	{"euser", "EUSER", false, 8, func(p proc, _ time.Time) string { return short8(p.User) }},
	{"uid", "UID", false, 8, func(p proc, _ time.Time) string { return short8(p.User) }},
	{"pcpu", "%CPU", true, 4, func(p proc, _ time.Time) string { return fmt.Sprintf("%.1f", p.cpu) }},
	{"pmem", "%MEM", true, 4, func(p proc, _ time.Time) string { return fmt.Sprintf("%.1f", float64(p.rss)/4096/1024*100) }},
	{"c", "C", true, 2, func(p proc, _ time.Time) string { return fmt.Sprintf("%.0f", p.cpu) }},
	{"rss", "RSS", true, 5, func(p proc, _ time.Time) string { return strconv.Itoa(p.rss) }},
	{"vsz", "VSZ", true, 6, func(p proc, _ time.Time) string { return strconv.Itoa(p.rss*2 + 9000) }},
	{"tty", "TTY", false, 8, func(proc, time.Time) string { return "?" }},
	{"stat", "STAT", false, 4, func(p proc, _ time.Time) string { return p.state }},
	{"s", "S", false, 1, func(p proc, _ time.Time) string { return p.state[:1] }},
	{"start", "START", false, 5, started},
	{"stime", "STIME", false, 5, started},
	{"lstart", "STARTED", true, 24, func(p proc, _ time.Time) string { return p.Started.UTC().Format("Mon Jan _2 15:04:05 2006") }},
	{"etime", "ELAPSED", true, 11, func(p proc, clock time.Time) string { return elapsed(clock.Sub(p.Started)) }},
	{"etimes", "ELAPSED", true, 7, func(p proc, clock time.Time) string { return strconv.Itoa(int(clock.Sub(p.Started).Seconds())) }},
	{"time", "TIME", true, 8, func(p proc, _ time.Time) string { return psTime(p.spent) }},
	{"bsdtime", "TIME", true, 6, func(p proc, _ time.Time) string {
		return fmt.Sprintf("%d:%02d", int(p.spent.Minutes()), int(p.spent.Seconds())%60)
	}},
	{"comm", "COMMAND", false, 15, func(p proc, _ time.Time) string { return p.comm() }},
	{"ucmd", "CMD", false, 15, func(p proc, _ time.Time) string { return p.comm() }},
	{"args", "COMMAND", false, 27, func(p proc, _ time.Time) string { return p.line() }},
	{"fcmd", "CMD", false, 27, func(p proc, _ time.Time) string { return p.line() }},
	{"unit", "UNIT", false, 31, func(p proc, _ time.Time) string {
		if p.unit == "" {
			return "-"
		}
		return p.unit + ".service"
	}},
}

var psNames = map[string]string{"%cpu": "pcpu", "%mem": "pmem", "cmd": "fcmd", "command": "args", "ucmd": "ucmd", "tt": "tty", "tname": "tty", "cputime": "time", "state": "s", "uname": "user", "rssize": "rss", "vsize": "vsz", "start_time": "start", "bsdstart": "start"}

func psColumn(name string) (column, bool) {
	if real, ok := psNames[name]; ok {
		name = real
	}
	i := slices.IndexFunc(psColumns, func(c column) bool { return c.name == name })
	if i < 0 {
		return column{}, false
	}
	return psColumns[i], true
}

func elapsed(d time.Duration) string {
	s := int(max(d, 0) / time.Second)
	switch {
	case s >= 86400:
		return fmt.Sprintf("%d-%02d:%02d:%02d", s/86400, s/3600%24, s/60%60, s%60)
	case s >= 3600:
		return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}

const psUsage = `
Usage:
 ps [options]

 Try 'ps --help <simple|list|output|threads|misc|all>'
  or 'ps --help <s|l|o|t|m|a>'
 for additional help text.

For more details see ps(1).
`

// psRequest is what ps was asked for.
type psRequest struct {
	columns []column
	every   bool
	headers bool
	picks   []func(p proc) bool
	sort    []string
}

func (k *kit) ps(_ context.Context, c *shell.Call) int {
	r, why := readPS(c.Args[1:])
	if why != "" {
		fmt.Fprint(c.Stderr, "error: "+why+"\n"+psUsage)
		return 1
	}
	var list []proc
	for _, p := range k.processes(c) {
		if r.wants(c, p) {
			list = append(list, p)
		}
	}
	r.order(list)
	r.print(c, list)
	if len(list) == 0 {
		return 1
	}
	return 0
}

func (r *psRequest) wants(c *shell.Call, p proc) bool {
	if len(r.picks) == 0 {
		return r.every || p.User == c.User && p.PID >= 10000
	}
	return slices.ContainsFunc(r.picks, func(pick func(proc) bool) bool { return pick(p) })
}

// readPS reads the options of the three kinds that ps knows.
func readPS(args []string) (*psRequest, string) {
	r := &psRequest{headers: true}
	set := func(names string) string {
		for _, w := range strings.FieldsFunc(names, func(x rune) bool { return x == ',' || x == ' ' }) {
			name, head, renamed := strings.Cut(w, "=")
			col, ok := psColumn(strings.ToLower(name))
			if !ok {
				return fmt.Sprintf("unknown user-defined format specifier %q", name)
			}
			if renamed {
				col.head = head
			}
			r.columns = append(r.columns, col)
		}
		return ""
	}
	var next func() string
	for i := 0; i < len(args); i++ {
		a := args[i]
		next = func() string {
			if i++; i < len(args) {
				return args[i]
			}
			return ""
		}
		if strings.HasPrefix(a, "--") {
			name, value, has := strings.Cut(a[2:], "=")
			value2 := func() string {
				if has {
					return value
				}
				return next()
			}
			switch name {
			case "sort":
				r.sort = append(r.sort, strings.Split(value2(), ",")...)
			case "no-headers", "no-header":
				r.headers = false
			case "headers":
			case "pid":
				r.pick("p", value2())
			case "ppid":
				r.pick("P", value2())
			case "user":
				r.pick("u", value2())
			case "format":
				if why := set(value2()); why != "" {
					return nil, why
				}
			default:
				return nil, "unknown gnu long option"
			}
			continue
		}
		bsd := a[0] != '-'
		letters := strings.TrimPrefix(a, "-")
		if isNumber(strings.ReplaceAll(a, ",", "")) {
			r.pick("p", a)
			continue
		}
		for j := 0; j < len(letters); j++ {
			rest := letters[j+1:]
			value := func() string {
				j = len(letters)
				if rest != "" {
					return rest
				}
				return next()
			}
			why := ""
			switch l := letters[j]; {
			case l == 'o' || l == 'O' && !bsd:
				why = set(value())
			case bsd && l == 'a', bsd && l == 'x', l == 'e' && !bsd, l == 'A':
				r.every = true
			case l == 'u' && bsd && rest == "" || bsd && l == 'u':
				why = set("user,pid,%cpu,%mem,vsz,rss,tty,stat,start,bsdtime,command")
			case l == 'f' && !bsd:
				why = set("uid,pid,ppid,c,stime,tty,time,cmd")
			case l == 'w':
			case l == 'h' && bsd:
				r.headers = false
			case !bsd && strings.ContainsRune("puUC", rune(l)), bsd && l == 'p':
				r.pick(string(l), value())
			default:
				why = fmt.Sprintf("the option %q is not simulated", a)
			}
			if why != "" {
				return nil, why
			}
		}
		if bsd && len(r.columns) == 0 && strings.ContainsAny(a, "ax") && !strings.ContainsAny(a, "uo") {
			_ = set("pid,tty,stat,bsdtime,command") // all are known
		}
	}
	if len(r.columns) == 0 {
		_ = set("pid,tty,time") // likewise
		col, _ := psColumn("ucmd")
		r.columns = append(r.columns, col)
	}
	return r, ""
}

// pick adds a list of processes, users or names.
func (r *psRequest) pick(what, list string) {
	words := strings.FieldsFunc(list, func(x rune) bool { return x == ',' || x == ' ' })
	r.picks = append(r.picks, func(p proc) bool {
		of := map[string]string{"p": strconv.Itoa(p.PID), "P": strconv.Itoa(p.PPID), "u": p.User, "U": p.User, "C": p.comm()}[what]
		return slices.Contains(words, of)
	})
}

func (r *psRequest) order(list []proc) {
	for _, key := range slices.Backward(r.sort) {
		sign := 1
		if strings.HasPrefix(key, "-") {
			sign = -1
		}
		name := strings.TrimLeft(key, "+-")
		if real, ok := psNames[name]; ok {
			name = real
		}
		slices.SortStableFunc(list, func(a, b proc) int {
			n := 0
			switch name {
			case "pcpu":
				n = cmp.Compare(a.cpu, b.cpu)
			case "rss", "pmem", "vsz":
				n = cmp.Compare(a.rss, b.rss)
			case "pid":
				n = cmp.Compare(a.PID, b.PID)
			case "start", "lstart", "etime", "stime":
				n = a.Started.Compare(b.Started)
			case "user":
				n = strings.Compare(a.User, b.User)
			default:
				n = strings.Compare(a.comm(), b.comm())
			}
			return sign * n
		})
	}
}

func (r *psRequest) print(c *shell.Call, list []proc) {
	clock := now(c)
	heads := make([]string, len(r.columns))
	for i, col := range r.columns {
		heads[i] = col.head
	}
	row := func(cells []string) {
		var b strings.Builder
		for i, cell := range cells {
			col := r.columns[i]
			switch {
			case col.right:
				b.WriteString(strings.Repeat(" ", max(0, col.width-len(cell))) + cell)
			case i == len(cells)-1:
				b.WriteString(cell)
			default:
				b.WriteString(pad(cell, col.width))
			}
			if i < len(cells)-1 {
				b.WriteByte(' ')
			}
		}
		fmt.Fprintln(c.Stdout, b.String())
	}
	if r.headers && strings.Join(heads, "") != "" {
		row(heads)
	}
	for _, p := range list {
		cells := make([]string, len(r.columns))
		for i, col := range r.columns {
			cells[i] = col.of(p, clock)
		}
		row(cells)
	}
}
