package ui

import (
	"fmt"
	"strconv"
	"time"

	"recon/internal/stack"
)

func number(n int) string { return strconv.Itoa(n) }

// short and plural are how durations in seconds and counts are written everywhere.
func short(seconds float64) string { return stack.Short(seconds) }

func plural(n int, one string) string { return stack.Plural(n, one) }

// lasting is a duration as 06:12, or 1:06:12.
func lasting(d time.Duration) string {
	s := max(int(d.Seconds()), 0)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}

// head is the beginning of a hash that a person can compare.
func head(hash string) string { return hash[:min(8, len(hash))] }
