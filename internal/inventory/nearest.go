package inventory

import "strconv"

// Nearest is the known word that is closest to a written one, by edits of a letter; "" when none is near. It is for messages that
// say what was probably meant.
func Nearest(written string, known []string) string {
	if len(written) > 64 {
		return ""
	}
	best, found := 1+max(1, len(written)/3), ""
	for _, k := range known {
		if d := distance(written, k); d < best {
			best, found = d, k
		}
	}
	return found
}

// distance is the number of letters to insert, delete, replace or swap with their neighbour (Damerau, restricted).
func distance(a, b string) int {
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row := rows[0], rows[1], rows[2]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		rows = [3][]int{last, row, before}
	}
	return rows[1][len(b)]
}

// shown is a key for a message. A key that does not look like one may be a secret whose colon lost its space.
func shown(key string) string {
	if len(key) == 0 || len(key) > 40 {
		return "here"
	}
	for _, c := range []byte(key) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '-' && c != '.' {
			return "here"
		}
	}
	return key
}

// quote is a value for a message, on one line and not too long.
func quote(s string) string {
	if r := []rune(s); len(r) > 60 {
		s = string(r[:57]) + "..."
	}
	return strconv.Quote(s)
}
