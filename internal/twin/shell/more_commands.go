package shell

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
)

func xargsCommand(ctx context.Context, c *Call) int {
	a, ok := c.options("+0n:I:rd:tL:P:", "null=0", "max-args:=n", "replace?=I", "no-run-if-empty=r", "delimiter:=d", "verbose=t", "max-lines?=L", "max-procs:=P")
	if !ok {
		return 2
	}
	if a.has('P') {
		return c.unsupported("-P is not known to a training host")
	}
	b, err := io.ReadAll(c.Stdin)
	if err != nil {
		return c.Fail(1, "read error: %s", Reason(err))
	}
	args := a.rest
	if len(args) == 0 {
		args = []string{"echo"}
	}
	replace, replacing := a.get('I')
	if replacing && replace == "" {
		replace = "{}"
	}
	var items []string
	switch d, has := a.get('d'); {
	case a.has('0'):
		items = strings.Split(strings.TrimSuffix(string(b), "\x00"), "\x00")
	case has:
		items = strings.Split(strings.TrimSuffix(string(b), "\n"), escapes(d, false))
	case replacing || a.has('L'):
		for line := range strings.Lines(string(b)) {
			if line = strings.Trim(line, " \t\n"); line != "" {
				items = append(items, line)
			}
		}
	default:
		if items, err = splitWords(string(b)); err != nil {
			return c.Fail(1, "%s", err)
		}
	}
	if len(b) == 0 {
		items = nil
	}
	size := 5000
	for _, l := range "nL" {
		if v, ok := a.get(byte(l)); ok {
			if size = int(number(v)); size < 1 {
				return c.usage("value %s for -%c option should be >= 1", v, l)
			}
		}
	}
	status := 0
	run := func(words []string) bool {
		if a.has('t') {
			fmt.Fprintln(c.Stderr, strings.Join(words, " "))
		}
		p, no := c.spawn(ctx, words, WithIO(bytes.NewReader(nil), nil, nil))
		if p == nil {
			status = c.Fail(no, "%s: %s", words[0], map[int]string{126: "Permission denied", 127: "No such file or directory"}[no])
			return false
		}
		<-p.done
		switch {
		case p.status == 255:
			status = c.Fail(124, "%s: exited with status 255; aborting", words[0])
			return false
		case p.status >= 128:
			status = c.Fail(125, "%s: terminated by signal %d", words[0], p.status-128)
			return false
		case p.status != 0:
			status = 123
		}
		return true
	}
	switch {
	case replacing:
		for _, item := range items {
			words := slices.Clone(args)
			for i := range words {
				words[i] = strings.ReplaceAll(words[i], replace, item)
			}
			if !run(words) {
				return status
			}
		}
	case len(items) == 0:
		if !a.has('r') {
			run(args)
		}
	default:
		for part := range slices.Chunk(items, size) {
			if !run(append(slices.Clone(args), part...)) {
				return status
			}
		}
	}
	return status
}

// splitWords splits as xargs does: at blanks and newlines, with quotes and backslashes.
func splitWords(text string) ([]string, error) {
	var out []string
	var cur []byte
	have := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case ' ', '\t', '\n':
			if have {
				out = append(out, string(cur))
			}
			cur, have = nil, false
		case '\'', '"':
			end := strings.IndexByte(text[i+1:], c)
			if end < 0 || strings.Contains(text[i+1:i+1+end], "\n") {
				return nil, fmt.Errorf("unmatched %s quote; by default quotes are special to xargs unless you use the -0 option",
					map[byte]string{'\'': "single", '"': "double"}[c])
			}
			cur, have = append(cur, text[i+1:i+1+end]...), true
			i += end + 1
		case '\\':
			if i+1 < len(text) {
				i++
				cur, have = append(cur, text[i]), true
			}
		default:
			cur, have = append(cur, c), true
		}
	}
	if have {
		out = append(out, string(cur))
	}
	return out, nil
}
