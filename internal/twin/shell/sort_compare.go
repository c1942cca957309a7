package shell

import (
	"math"
	"strconv"
	"strings"
)

func compareKeys(a, b, letters string) int {
	has := func(l string) bool { return strings.Contains(letters, l) }
	if has("b") {
		a, b = strings.TrimLeft(a, " \t"), strings.TrimLeft(b, " \t")
	}
	switch {
	case has("n"):
		return compareNumbers(a, b)
	case has("g"):
		return compareFloats(leadingFloat(a), leadingFloat(b))
	case has("h"):
		return compareHuman(a, b)
	case has("V"):
		return compareVersions(a, b)
	}
	keep := func(s string) string {
		if has("f") {
			s = strings.ToUpper(s)
		}
		if has("d") {
			s = strings.Map(func(r rune) rune {
				if inClass("alnum", r) || inClass("blank", r) {
					return r
				}
				return -1
			}, s)
		}
		return s
	}
	return strings.Compare(keep(a), keep(b))
}

func compareFloats(x, y float64) int {
	switch {
	case math.IsNaN(x) && math.IsNaN(y):
		return 0
	case math.IsNaN(x) || x < y:
		return -1
	case math.IsNaN(y) || x > y:
		return 1
	}
	return 0
}

func leadingFloat(s string) float64 {
	s = strings.TrimSpace(s)
	for n := len(s); n > 0; n-- {
		if f, err := strconv.ParseFloat(s[:n], 64); err == nil {
			return f
		}
	}
	return math.NaN()
}

// compareNumbers compares as sort -n does: digits and a point, without losing any.
func compareNumbers(a, b string) int {
	parse := func(s string) (neg bool, whole, frac string) {
		s = strings.TrimLeft(s, " \t")
		if strings.HasPrefix(s, "-") {
			neg, s = true, s[1:]
		}
		i := 0
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
		whole = strings.TrimLeft(s[:i], "0")
		if i < len(s) && s[i] == '.' {
			j := i + 1
			for j < len(s) && s[j] >= '0' && s[j] <= '9' {
				j++
			}
			frac = strings.TrimRight(s[i+1:j], "0")
		}
		if whole == "" && frac == "" {
			neg = false
		}
		return neg, whole, frac
	}
	an, aw, af := parse(a)
	bn, bw, bf := parse(b)
	if an != bn {
		if an {
			return -1
		}
		return 1
	}
	n := len(aw) - len(bw)
	if n == 0 {
		n = strings.Compare(aw, bw)
	}
	if n == 0 {
		n = strings.Compare(af, bf)
	}
	if an {
		return -n
	}
	return n
}

func compareHuman(a, b string) int {
	unit := func(s string) int {
		s = strings.TrimLeft(s, " \t-0123456789.")
		if s == "" {
			return 0
		}
		return strings.IndexByte("KMGTPEZY", strings.ToUpper(s[:1])[0]) + 1
	}
	if n := unit(a) - unit(b); n != 0 {
		return n
	}
	return compareNumbers(a, b)
}

// compareVersions compares runs of digits as numbers.
func compareVersions(a, b string) int {
	for a != "" && b != "" {
		digits := func(s string) int {
			i := 0
			for i < len(s) && s[i] >= '0' && s[i] <= '9' {
				i++
			}
			return i
		}
		i, j := digits(a), digits(b)
		if i > 0 && j > 0 {
			if n := compareNumbers(a[:i], b[:j]); n != 0 {
				return n
			}
			a, b = a[i:], b[j:]
			continue
		}
		if a[0] != b[0] {
			return int(a[0]) - int(b[0])
		}
		a, b = a[1:], b[1:]
	}
	return len(a) - len(b)
}
