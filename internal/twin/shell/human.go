package shell

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// human is a number of bytes as -h prints it: rounded up, 1.5K, 12M.
func human(n int64) string {
	if n < 1024 {
		return strconv.FormatInt(n, 10)
	}
	v := float64(n)
	unit := -1
	for v >= 1024 && unit < 7 {
		v /= 1024
		unit++
	}
	if v < 10 {
		if t := math.Ceil(v*10) / 10; t < 10 {
			return strconv.FormatFloat(t, 'f', 1, 64) + "KMGTPEZY"[unit:unit+1]
		}
	}
	w := math.Ceil(v)
	if w >= 1024 {
		return "1.0" + "KMGTPEZY"[unit+1:unit+2]
	}
	return strconv.FormatFloat(w, 'f', 0, 64) + "KMGTPEZY"[unit:unit+1]
}

// column is one column of a table.
type column struct {
	title string
	left  bool
	least int
}

// table prints rows under titles, as wide as their longest cell; the last column ends each line.
func table(columns []column, rows [][]string, titles bool) string {
	if titles {
		head := make([]string, len(columns))
		for i, c := range columns {
			head[i] = c.title
		}
		rows = append([][]string{head}, rows...)
	}
	width := make([]int, len(columns))
	for i, c := range columns {
		width[i] = c.least
		for _, r := range rows {
			width[i] = max(width[i], runeCount(r[i]))
		}
	}
	var b strings.Builder
	for _, r := range rows {
		for i, cell := range r {
			pad := strings.Repeat(" ", max(width[i]-runeCount(cell), 0))
			if i > 0 {
				b.WriteByte(' ')
			}
			switch {
			case !columns[i].left:
				b.WriteString(pad + cell)
			case i == len(r)-1:
				b.WriteString(cell)
			default:
				b.WriteString(cell + pad)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// zone is the time zone of a call: UTC unless TZ names another one that is built in.
func (c *Call) zone() *time.Location {
	switch tz := c.Env("TZ"); tz {
	case "", "UTC", "UTC0", "Etc/UTC":
	default:
		if i := strings.IndexAny(tz, "+-0123456789"); i > 0 {
			// POSIX's form counts hours to the west.
			return time.FixedZone(tz[:i], -int(number(strings.TrimPrefix(tz[i:], "+")))*3600)
		}
	}
	return time.UTC
}
