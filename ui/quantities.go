package ui

import (
	"fmt"
	"strconv"
	"time"
)

func number(n int) string { return strconv.Itoa(n) }

// short is a duration for a narrow place: 0.6s, 42s, 2m10s, 3h04m, 5d.
func short(seconds float64) string {
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

// lasting is a duration as 06:12, or 1:06:12.
func lasting(d time.Duration) string {
	s := max(int(d.Seconds()), 0)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}

// size is a number of bytes: 812 B, 16 kB, 24 MB, 1.2 GB.
func size(n int64) string {
	const k = 1000
	f := float64(n)
	switch {
	case n < 0:
		return "-" + size(-n)
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

// plural is "1 node" or "3 nodes".
func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(n) + " " + one + "s"
}

// head is the beginning of a hash that a person can compare.
func head(hash string) string { return hash[:min(8, len(hash))] }
