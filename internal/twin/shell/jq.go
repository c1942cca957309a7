package shell

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/itchyny/gojq"
)

// jqCommand is jq with -r, -e, -c, -n, -s, -j, -a, --arg, --argjson and --tab.
func jqCommand(ctx context.Context, c *Call) int {
	var filter string
	var files, names []string
	var values []any
	raw, compact, null, slurp, exit, bare, rawIn, have := false, false, false, false, false, false, false, false
	indent := "  "
	args := c.Args[1:]
	for len(args) > 0 {
		w := args[0]
		args = args[1:]
		switch {
		case (w == "--arg" || w == "--argjson") && len(args) > 1:
			names = append(names, "$"+args[0])
			var v any = args[1]
			if w == "--argjson" {
				if err := json.Unmarshal([]byte(args[1]), &v); err != nil {
					return c.Fail(2, "invalid JSON text passed to --argjson")
				}
			}
			values = append(values, v)
			args = args[2:]
		case w == "--tab":
			indent = "\t"
		case w == "--raw-output":
			raw = true
		case w == "--compact-output":
			compact = true
		case w == "--null-input":
			null = true
		case w == "--slurp":
			slurp = true
		case w == "--exit-status":
			exit = true
		case len(w) > 1 && w[0] == '-' && !strings.HasPrefix(w, "--"):
			for _, l := range w[1:] {
				switch l {
				case 'r':
					raw = true
				case 'j':
					raw, bare = true, true
				case 'c':
					compact = true
				case 'n':
					null = true
				case 's':
					slurp = true
				case 'e':
					exit = true
				case 'R':
					rawIn = true
				case 'M':
				default:
					return c.usage("Unknown arguments: -%c", l)
				}
			}
		case strings.HasPrefix(w, "--"):
			return c.usage("Unknown arguments: %s", w)
		case !have:
			filter, have = w, true
		default:
			files = append(files, w)
		}
	}
	if !have {
		filter = "."
	}
	query, err := gojq.Parse(filter)
	if err != nil {
		return c.Fail(3, "error: %s\njq: 1 compile error", err)
	}
	code, err := gojq.Compile(query, gojq.WithVariables(names), gojq.WithEnvironLoader(c.Environ))
	if err != nil {
		return c.Fail(3, "error: %s\njq: 1 compile error", err)
	}
	status := 0
	var last any
	printed := false
	one := func(in any) bool {
		iter := code.RunWithContext(ctx, in, values...)
		for {
			v, ok := iter.Next()
			if !ok {
				return true
			}
			if err, bad := v.(error); bad {
				var halt *gojq.HaltError
				if errors.As(err, &halt) {
					status = halt.ExitCode()
					return false
				}
				status = c.Fail(5, "error (at <stdin>:0): %s", err)
				return true
			}
			last, printed = v, true
			text, isText := v.(string)
			if !raw || !isText {
				text = jqText(v, compact, indent)
			}
			if !bare {
				text += "\n"
			}
			if _, err := io.WriteString(c.Stdout, text); err != nil {
				return false
			}
		}
	}
	if null {
		one(nil)
	} else if s := c.jqInputs(files, slurp, rawIn, one); s != 0 {
		return s
	}
	if exit && status == 0 {
		switch {
		case !printed:
			return 4
		case last == nil || last == false:
			return 1
		}
	}
	return status
}

func (c *Call) jqInputs(files []string, slurp, rawIn bool, one func(any) bool) int {
	var all []any
	status := c.eachFile(files, func(name string, r io.Reader) error {
		if rawIn {
			return eachLine(r, func(l []byte) error { one(string(chomp(l))); return nil })
		}
		d := json.NewDecoder(r)
		d.UseNumber()
		for {
			var v any
			err := d.Decode(&v)
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return fmt.Errorf("parse error: %w", err)
			}
			v = jqNumbers(v)
			if slurp {
				all = append(all, v)
				continue
			}
			if !one(v) {
				return errStop
			}
		}
	})
	if status != 0 {
		return 2
	}
	if slurp {
		one(all)
	}
	return 0
}

// jqNumbers gives gojq the kinds of numbers that it knows.
func jqNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := strconv.Atoi(v.String()); err == nil {
			return n
		}
		f, _ := v.Float64() // out of range is infinite, as in jq
		return f
	case map[string]any:
		for k, x := range v {
			v[k] = jqNumbers(x)
		}
	case []any:
		for i, x := range v {
			v[i] = jqNumbers(x)
		}
	}
	return v
}

func jqText(v any, compact bool, indent string) string {
	b, err := gojq.Marshal(v)
	if err != nil {
		return err.Error()
	}
	if compact {
		return string(b)
	}
	var out bytes.Buffer
	if json.Indent(&out, b, "", indent) != nil {
		return string(b)
	}
	return out.String()
}
