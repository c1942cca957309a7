package shell

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

func uptimeCommand(_ context.Context, c *Call) int {
	a, ok := c.options("ps", "pretty=p", "since=s")
	if !ok {
		return 2
	}
	up, err := c.Host.FS.ReadFile("/proc/uptime")
	if err != nil {
		return c.Fail(1, "cannot open /proc/uptime: %s", Reason(err))
	}
	first, _, _ := strings.Cut(string(up), " ")
	s, _ := strconv.ParseFloat(first, 64) // a host that does not know says 0
	d := time.Duration(s * float64(time.Second))
	now := c.Host.now().In(c.zone())
	if a.has('s') {
		fmt.Fprintln(c.Stdout, now.Add(-d).Format(time.DateTime))
		return 0
	}
	days, hours, minutes := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60
	if a.has('p') {
		var words []string
		for _, p := range []struct {
			n    int
			name string
		}{{days, "day"}, {hours, "hour"}, {minutes, "minute"}} {
			if p.n > 0 || p.name == "minute" && len(words) == 0 {
				words = append(words, fmt.Sprintf("%d %s%s", p.n, p.name, plural(p.n)))
			}
		}
		fmt.Fprintln(c.Stdout, "up "+strings.Join(words, ", "))
		return 0
	}
	text := fmt.Sprintf("%d min", minutes)
	if hours > 0 {
		text = fmt.Sprintf("%2d:%02d", hours, minutes)
	}
	if days > 0 {
		text = fmt.Sprintf("%d day%s, %s", days, plural(days), text)
	}
	load, _ := c.Host.FS.ReadFile("/proc/loadavg") // as above
	l := append(strings.Fields(string(load)), "0.00", "0.00", "0.00")
	users := len(c.sessions())
	fmt.Fprintf(c.Stdout, " %s up %s, %2d user%s,  load average: %s, %s, %s\n", now.Format(time.TimeOnly), text, users, map[bool]string{true: "s"}[users > 1], l[0], l[1], l[2])
	return 0
}

func (c *Call) sessions() []Session {
	if c.Host.Sessions == nil {
		return nil
	}
	return c.Host.Sessions()
}

func whoCommand(_ context.Context, c *Call) int {
	a, ok := c.options("HbumqaT", "heading=H", "boot=b", "users=u", "count=q")
	if !ok {
		return 2
	}
	for _, l := range "bumqaT" {
		if a.has(byte(l)) {
			return c.unsupported("-%c is not known to a training host", l)
		}
	}
	if a.has('H') {
		fmt.Fprintf(c.Stdout, "%-8s %-12s %-16s %s\n", "NAME", "LINE", "TIME", "COMMENT")
	}
	for _, s := range c.sessions() {
		from := ""
		if s.From != "" {
			from = " (" + s.From + ")"
		}
		fmt.Fprintf(c.Stdout, "%-8s %-12s %s%s\n", s.User, s.TTY, s.Since.In(c.zone()).Format("2006-01-02 15:04"), from)
	}
	return 0
}

func freeCommand(_ context.Context, c *Call) int {
	a, ok := c.options("bkmghtw", "bytes=b", "kibi=k", "mebi=m", "gibi=g", "human=h", "total=t", "wide=w")
	if !ok {
		return 2
	}
	if a.has('w') {
		return c.unsupported("-w is not known to a training host")
	}
	b, err := c.Host.FS.ReadFile("/proc/meminfo")
	if err != nil {
		return c.Fail(1, "cannot open /proc/meminfo: %s", Reason(err))
	}
	kb := map[string]int64{}
	for line := range strings.Lines(string(b)) {
		if name, rest, ok := strings.Cut(line, ":"); ok {
			kb[name] = number(rest)
		}
	}
	text := func(n int64) string {
		switch a.last("bkmgh") {
		case 'b':
			return strconv.FormatInt(n*1024, 10)
		case 'm':
			return strconv.FormatInt(n/1024, 10)
		case 'g':
			return strconv.FormatInt(n/1024/1024, 10)
		case 'h':
			return strings.Replace(freeHuman(n*1024), "B", "B", 1)
		}
		return strconv.FormatInt(n, 10)
	}
	fmt.Fprintf(c.Stdout, "%-9s%11s %11s %11s %11s %11s %11s\n", "", "total", "used", "free", "shared", "buff/cache", "available")
	cache := kb["Buffers"] + kb["Cached"] + kb["SReclaimable"]
	used := kb["MemTotal"] - kb["MemAvailable"]
	fmt.Fprintf(c.Stdout, "%-9s%11s %11s %11s %11s %11s %11s\n", "Mem:", text(kb["MemTotal"]), text(used), text(kb["MemFree"]), text(kb["Shmem"]), text(cache), text(kb["MemAvailable"]))
	swap := kb["SwapTotal"] - kb["SwapFree"]
	fmt.Fprintf(c.Stdout, "%-9s%11s %11s %11s\n", "Swap:", text(kb["SwapTotal"]), text(swap), text(kb["SwapFree"]))
	if a.has('t') {
		fmt.Fprintf(c.Stdout, "%-9s%11s %11s %11s\n", "Total:", text(kb["MemTotal"]+kb["SwapTotal"]), text(used+swap), text(kb["MemFree"]+kb["SwapFree"]))
	}
	return 0
}

// freeHuman is a size as free -h prints it: 3.8Gi.
func freeHuman(n int64) string {
	v := float64(n)
	unit := 0
	for v >= 1024 && unit < 4 {
		v /= 1024
		unit++
	}
	suffix := []string{"B", "Ki", "Mi", "Gi", "Ti"}[unit]
	if v < 10 && unit > 0 {
		return strconv.FormatFloat(v, 'f', 1, 64) + suffix
	}
	return strconv.FormatFloat(v, 'f', 0, 64) + suffix
}

func lsmodCommand(_ context.Context, c *Call) int {
	b, err := c.Host.FS.ReadFile("/proc/modules")
	if err != nil {
		return c.Fail(1, "could not open /proc/modules: %s", Reason(err))
	}
	fmt.Fprintf(c.Stdout, "%-20s %7s  Used by\n", "Module", "Size")
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 3 {
			by := strings.Trim(f[3], ",-")
			fmt.Fprintln(c.Stdout, strings.TrimRight(fmt.Sprintf("%-20s %7s  %s %s", f[0], f[1], f[2], by), " "))
		}
	}
	return 0
}
