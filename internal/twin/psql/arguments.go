package psql

import (
	"fmt"
	"strings"
)

// arguments are what the command line says.
type arguments struct {
	host, port, user, database string
	actions                    []action
	options                    Options
	variables                  map[string]string
	quiet, echo, list          bool
	noPassword                 bool
}

// action is a -c or a -f.
type action struct{ command, file string }

// long are the long options with the short ones that they stand for. A colon says that a value follows.
var long = map[string]string{
	"command": "c:", "dbname": "d:", "file": "f:", "list": "l", "set": "v:", "variable": "v:", "no-psqlrc": "X", "no-align": "A",
	"field-separator": "F:", "record-separator": "R:", "tuples-only": "t", "expanded": "x", "host": "h:", "port": "p:", "username": "U:",
	"no-password": "w", "password": "W", "quiet": "q", "echo-queries": "e", "echo-errors": "b", "pset": "P:", "single-transaction": "1",
	"version": "V", "csv": "", "help": "?", "no-readline": "n", "single-line": "S", "echo-all": "a", "echo-hidden": "E",
}

// withValue are the short options that a value follows.
const withValue = "cdfvFRhpUPLoT"

// parse reads the command line; done says that the program is over, with this status.
func (r *run) parse(args []string) (done bool, code int) {
	r.variables = map[string]string{}
	var rest []string
	for i := 0; i < len(args); i++ {
		a := args[i]
		value := func(inside string) (string, bool) {
			if inside != "" {
				return inside, true
			}
			if i+1 < len(args) {
				i++
				return args[i], true
			}
			return "", false
		}
		switch {
		case a == "--":
			rest = append(rest, args[i+1:]...)
			i = len(args)
		case strings.HasPrefix(a, "--"):
			name, inside, _ := strings.Cut(a[2:], "=")
			short, ok := long[name]
			if !ok || short == "" {
				return r.usage("unrecognized option '%s'", a)
			}
			v := ""
			if strings.HasSuffix(short, ":") {
				if v, ok = value(inside); !ok {
					return r.usage("option '--%s' requires an argument", name)
				}
			}
			if done, code := r.option(short[0], v); done {
				return true, code
			}
		case strings.HasPrefix(a, "-") && a != "-":
			for j := 1; j < len(a); j++ {
				v := ""
				if strings.IndexByte(withValue, a[j]) >= 0 {
					var ok bool
					if v, ok = value(a[j+1:]); !ok {
						return r.usage("option requires an argument -- '%c'", a[j])
					}
				}
				if done, code := r.option(a[j], v); done {
					return true, code
				}
				if v != "" {
					break
				}
			}
		default:
			rest = append(rest, a)
		}
	}
	for _, word := range rest {
		switch {
		case r.database == "":
			r.database = word
		case r.user == "":
			r.user = word
		default:
			fmt.Fprintf(r.Stderr, "psql: warning: extra command-line argument %q ignored\n", word)
		}
	}
	return false, 0
}

func (r *run) usage(format string, args ...any) (bool, int) {
	fmt.Fprintf(r.Stderr, "psql: "+format+"\npsql: hint: Try \"psql --help\" for more information.\n", args...)
	return true, exitFailed
}

func (r *run) option(name byte, v string) (done bool, code int) {
	switch name {
	case 'c':
		r.actions = append(r.actions, action{command: v})
	case 'f':
		r.actions = append(r.actions, action{file: v})
	case 'd':
		r.database = v
	case 'h':
		r.host = v
	case 'p':
		r.port = v
	case 'U':
		r.user = v
	case 'A':
		r.options.Unaligned = true
	case 't':
		r.options.TuplesOnly = true
	case 'x':
		r.options.Expanded = true
	case 'F':
		r.options.Separator = v
	case 'R':
		r.options.RecordSeparator = v
	case 'q':
		r.quiet = true
	case 'e':
		r.echo = true
	case 'l':
		r.list = true
	case 'w':
		r.noPassword = true
	case 'v':
		key, value, _ := strings.Cut(v, "=")
		r.variables[key] = value
	case 'P':
		return r.pset(v)
	case 'V':
		fmt.Fprintf(r.Stdout, "psql (PostgreSQL) %s (Debian %s-0+deb13u1)\n", r.version(), r.version())
		return true, exitFine
	case '?':
		fmt.Fprintln(r.Stdout, "psql is the PostgreSQL interactive terminal.\n\nUsage:\n  psql [OPTION]... [DBNAME [USERNAME]]")
		return true, exitFine
	case 'X', 'n', 'b', 'a', 'E', 'S', 'W', '1', 'L', 'o', 'T':
		// they change nothing here
	default:
		return r.usage("invalid option -- '%c'", name)
	}
	return false, 0
}

func (r *run) version() string { return either(r.Command.Version, "17.6") }

// pset is -P and \pset.
func (r *run) pset(v string) (done bool, code int) {
	key, value, set := strings.Cut(v, "=")
	on := !set || value == "on" || value == "1" || value == "true"
	switch key {
	case "format":
		r.options.Unaligned = value == "unaligned"
	case "tuples_only", "t":
		r.options.TuplesOnly = on
	case "expanded", "x":
		r.options.Expanded = on
	case "fieldsep":
		r.options.Separator = value
	case "recordsep":
		r.options.RecordSeparator = value
	case "null":
		r.options.Null = value
	case "footer":
		r.options.NoFooter = !on
	case "border":
		n := 1
		if _, err := fmt.Sscan(value, &n); err != nil || n < 0 || n > 2 {
			n = 1
		}
		r.options.Border = &n
	case "pager", "linestyle", "columns", "numericlocale", "title":
	default:
		fmt.Fprintf(r.Stderr, "psql: error: \\pset: unknown option: %s\npsql: error: could not set printing parameter %q\n", key, key)
		return true, exitFailed
	}
	return false, 0
}
