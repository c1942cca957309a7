package runbooks

import (
	"slices"
	"strings"
)

// unwrap takes away what only runs something else. inner is a script, when it is run by a shell of its own.
func unwrap(words []string) (rest []string, inner string) {
	for range 8 {
		if len(words) == 0 {
			return nil, ""
		}
		program := words[0][strings.LastIndex(words[0], "/")+1:]
		switch program {
		case "command", "exec", "nohup", "setsid", "time", "builtin", "eval":
			words = skip(words[1:], "")
		case "env":
			words = skip(words[1:], "uCS")
			for len(words) > 0 && strings.Contains(words[0], "=") {
				words = words[1:]
			}
		case "sudo":
			words = skip(words[1:], "ugpCDhrtTU")
			for len(words) > 0 && strings.Contains(words[0], "=") {
				words = words[1:]
			}
		case "nice", "ionice", "chrt", "stdbuf":
			words = skip(words[1:], "ncpioe")
		case "timeout":
			if words = skip(words[1:], "ks"); len(words) > 0 {
				words = words[1:]
			}
		case "flock":
			if words = skip(words[1:], "wE"); len(words) > 0 {
				words = words[1:]
			}
		case "systemd-run":
			words = skip(words[1:], "putdEG")
		case "runuser", "su":
			if program == "runuser" && slices.Contains(words, "-u") {
				words = skip(words[1:], "ugGsw")
				continue
			}
			for i, x := range words[:len(words)-1] {
				if x == "-c" || x == "--command" {
					return nil, words[i+1]
				}
			}
			return words, ""
		case "sh", "dash", "bash", "ash":
			for i, x := range words[:len(words)-1] {
				if strings.HasPrefix(x, "-") && strings.HasSuffix(x, "c") {
					return nil, words[i+1]
				}
			}
			return words, ""
		case "xargs":
			words = skip(words[1:], "InPLsdaE")
		default:
			words = slices.Clone(words)
			words[0] = program
			return words, ""
		}
	}
	return words, ""
}

// skip drops leading options; those whose letter is in valued take the next word too.
func skip(words []string, valued string) []string {
	for len(words) > 0 && strings.HasPrefix(words[0], "-") {
		opt := words[0]
		words = words[1:]
		if opt == "--" {
			break
		}
		if len(opt) == 2 && strings.Contains(valued, opt[1:]) && len(words) > 0 {
			words = words[1:]
		}
	}
	return words
}
