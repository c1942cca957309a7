package actions

import (
	"fmt"
	"strings"
)

// quote makes s one word of a POSIX shell: single quotes, with a quote inside written as '\”.
func quote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// assignment is NAME='value'. A NUL cannot be written in shell, and a value that starts with a dash would be read as an
// option by the command that gets it: both are refused.
func assignment(v Value) (string, error) {
	switch {
	case !name(v.Name):
		return "", fmt.Errorf("%q cannot be a variable's name", v.Name)
	case strings.ContainsRune(v.Value, 0):
		return "", fmt.Errorf("the value of %s contains a NUL byte, which no shell can take", v.Name)
	case strings.HasPrefix(v.Value, "-"):
		return "", fmt.Errorf("the value of %s starts with a dash and would be read as an option", v.Name)
	}
	return v.Name + "=" + quote(v.Value), nil
}

func name(s string) bool {
	for i, r := range s {
		letter := r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '_'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}

// Assignment is NAME='value' for a human to type; a value that no shell can take is shown as a comment.
func Assignment(name, value string) string {
	a, err := assignment(Value{Name: name, Value: value})
	if err != nil {
		return name + "=   # " + err.Error()
	}
	return a
}
