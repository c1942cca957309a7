package runbooks

import (
	"slices"
	"strings"
)

// meant is the hint for an unknown word: the nearest of the known ones, or all of them when they are few, or "".
func meant(word string, known []string) string {
	best, distance := "", max(2, len(word)/3)+1
	for _, k := range known {
		if d := edits(strings.ToLower(word), strings.ToLower(k)); d < distance {
			best, distance = k, d
		}
	}
	switch {
	case best != "" && distance < max(len(word), 2):
		return "did you mean `" + best + "`?"
	case len(known) > 0 && len(known) <= 12:
		return "known are " + strings.Join(known, ", ")
	}
	return ""
}

// edits counts the insertions, deletions and replacements that make b of a.
func edits(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > 40 || len(y) > 40 {
		return 40
	}
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(x); i++ {
		corner := row[0]
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			corner, row[j] = row[j], min(row[j]+1, row[j-1]+1, corner+cost)
		}
	}
	return row[len(y)]
}

// slug is a heading as git hosts link to it: lower case, without punctuation, with dashes for spaces.
func slug(title string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(title) {
		switch {
		case c == ' ':
			b.WriteByte('-')
		case c == '-' || c == '_' || c >= 0x80 || c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			b.WriteRune(c)
		}
	}
	return b.String()
}

// name says whether a word can be the name of an input, an answer or a capture: small letters, digits and underscores.
func name(word string) bool {
	for i, c := range word {
		if c != '_' && (c < 'a' || c > 'z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return word != "" && len(word) <= 40 && word[0] != '_'
}

// identifier says whether a word can be the id of a book: small letters, digits and dashes.
func identifier(word string) bool {
	for i, c := range word {
		if (c != '-' || i == 0) && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return word != "" && len(word) <= 80
}

// reserved are variables that a shell or a host's tools read themselves: a value under such a name would change what the
// commands do.
func reserved(variable string) bool {
	return slices.Contains([]string{
		"PATH", "HOME", "IFS", "USER", "LOGNAME", "SHELL", "ENV", "LANG", "LC_ALL", "TERM", "TZ", "PWD", "OLDPWD", "PS1", "PS2", "PS4",
		"HOSTNAME", "TMPDIR", "EDITOR", "PAGER", "PYTHONPATH", "LD_PRELOAD", "LD_LIBRARY_PATH", "OPTARG", "OPTIND", "PPID", "CDPATH", "MAIL",
	}, variable)
}
