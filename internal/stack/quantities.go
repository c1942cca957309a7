package stack

import (
	"fmt"
	"strconv"
	"time"
)

// Short is a duration for a narrow place: 0.6s, 42s, 2m10s, 3h04m, 5d.
func Short(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d < 0:
		return "0s"
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd", int(d.Hours())/24)
}

// Size is a number of bytes: 812 B, 16 kB, 24 MB, 1.2 GB.
func Size(n int64) string {
	const k = 1000
	f := float64(n)
	switch {
	case n < 0:
		return "-" + Size(-n)
	case f < k:
		return fmt.Sprintf("%d B", n)
	case f < k*k:
		return fmt.Sprintf("%.0f kB", f/k)
	case f < 10*k*k*k:
		if f < k*k*k {
			return fmt.Sprintf("%.0f MB", f/k/k)
		}
		return fmt.Sprintf("%.1f GB", f/k/k/k)
	}
	return fmt.Sprintf("%.0f GB", f/k/k/k)
}

// Plural is "1 node" or "3 nodes".
func Plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + one + "s"
}
