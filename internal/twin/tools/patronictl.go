package tools

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"recon/internal/twin/shell"
)

func (k *kit) patroniTools() map[string]shell.Command {
	return map[string]shell.Command{"patronictl": k.patronictl, "patroni": k.patroniProgram}
}

const patroniVersion = "4.0.7"

// patronictlVerb is a command: its options and what runs it.
type patronictlVerb struct {
	grammar grammar
	run     func(p *patronictlCall, ctx context.Context, args []string) error
	help    string
}

var formatFlag = "format=f:"

var patronictlVerbs = map[string]patronictlVerb{
	"list":        {grammar{short: "ef:tW", long: []string{"extended=e", formatFlag, "timestamp=t"}}, (*patronictlCall).list, "List the Patroni members for a given Patroni"},
	"topology":    {grammar{}, (*patronictlCall).topology, "Prints ASCII topology for given cluster"},
	"history":     {grammar{short: "f:", long: []string{formatFlag}}, (*patronictlCall).history, "Show the history of failovers/switchovers"},
	"show-config": {grammar{}, (*patronictlCall).showConfig, "Show cluster configuration"},
	"edit-config": {grammar{short: "qs:p:", long: []string{"quiet=q", "set=s:", "pg=p:", "force", "apply:", "replace:"}}, (*patronictlCall).editConfig, "Edit cluster configuration"},
	"pause":       {grammar{long: []string{"wait"}}, (*patronictlCall).pause, "Disable auto failover"},
	"resume":      {grammar{long: []string{"wait"}}, (*patronictlCall).resume, "Resume auto failover"},
	"switchover":  {grammar{long: []string{"leader:", "primary=leader:", "candidate:", "scheduled:", "force"}}, (*patronictlCall).switchover, "Switchover to a replica"},
	"failover":    {grammar{long: []string{"candidate:", "force"}}, (*patronictlCall).failover, "Failover to a replica"},
	"restart":     {grammar{short: "r:", long: []string{"role=r:", "any", "scheduled:", "pg-version:", "pending", "timeout:", "force"}}, (*patronictlCall).restart, "Restart cluster member"},
	"reload":      {grammar{short: "r:", long: []string{"role=r:", "force"}}, (*patronictlCall).reload, "Reload cluster member configuration"},
	"reinit":      {grammar{long: []string{"force", "wait"}}, (*patronictlCall).reinit, "Reinitialize cluster member"},
	"flush":       {grammar{short: "r:", long: []string{"role=r:", "force"}}, (*patronictlCall).flush, "Discard scheduled events"},
	"version":     {grammar{}, (*patronictlCall).version, "Output version of patronictl command or a running Patroni..."},
	"dsn":         {grammar{short: "m:r:", long: []string{"member=m:", "role=r:"}}, (*patronictlCall).dsn, "Generate a dsn for the provided member, defaults to a dsn..."},
	"query":       {grammar{short: "f:", long: []string{formatFlag}}, notSimulated("query"), "Query a Patroni PostgreSQL member"},
	"remove":      {grammar{}, notSimulated("remove"), "Remove cluster from DCS"},
}

func notSimulated(name string) func(*patronictlCall, context.Context, []string) error {
	return func(*patronictlCall, context.Context, []string) error {
		return fmt.Errorf("patronictl %s is not simulated", name)
	}
}

// usage is what click says about a mistake in the words of a command.
func (p *patronictlCall) usage(verb, format string, args ...any) int {
	line := "[OPTIONS] COMMAND [ARGS]..."
	name := "patronictl"
	if verb != "" {
		name += " " + verb
		line = "[OPTIONS] [CLUSTER_NAME]"
		if verb == "list" {
			line = "[OPTIONS] [CLUSTER_NAMES]..."
		}
	}
	fmt.Fprintf(p.call.Stderr, "Usage: %s %s\nTry '%s --help' for help.\n\nError: %s\n", name, line, name, fmt.Sprintf(format, args...))
	return 2
}

// clickWords says a mistake of the options as click does.
func clickWords(err error) string {
	text := err.Error()
	for _, cut := range []string{"unrecognized option '", "invalid option -- '"} {
		if _, name, ok := strings.Cut(text, cut); ok {
			name = strings.TrimSuffix(name, "'")
			if !strings.HasPrefix(name, "-") {
				name = map[bool]string{true: "-", false: "--"}[strings.HasPrefix(cut, "invalid")] + name
			}
			return "No such option: " + name
		}
	}
	if _, name, ok := strings.Cut(text, "option '"); ok {
		name, _, _ = strings.Cut(name, "'")
		return "Option '" + name + "' requires an argument."
	}
	return text
}

// patronictl runs one of its commands.
func (k *kit) patronictl(ctx context.Context, c *shell.Call) int {
	p := &patronictlCall{kit: k, call: c, answers: &lineReader{c.Stdin}}
	global, words, err := grammar{short: "c:d:k", long: []string{"config-file=c:", "dcs-url=d:", "dcs=d:", "insecure=k", "help"}, first: true}.parse(c.Args[1:])
	switch {
	case err != nil:
		return p.usage("", "%s", clickWords(err))
	case global.has("d"):
		return p.usage("", "the option -d is not simulated")
	case global.has("help") || len(words) == 0:
		fmt.Fprint(c.Stdout, patronictlHelp())
		return 0
	}
	verb, ok := patronictlVerbs[words[0]]
	if !ok {
		return p.usage("", "No such command '%s'.", words[0])
	}
	given, args, err := verb.grammar.parse(words[1:])
	if err != nil {
		return p.usage(words[0], "%s", clickWords(err))
	}
	if f := given.value("f"); given.has("f") && !slices.Contains([]string{"pretty", "tsv", "json", "yaml", "yml"}, f) {
		return p.usage(words[0], "Invalid value for '--format' / '-f': '%s' is not one of 'pretty', 'tsv', 'json', 'yaml', 'yml'.", f)
	}
	p.given, p.force = given, given.has("force")
	file := either(either(global.value("c"), c.Env("PATRONICTL_CONFIG_FILE")), "/root/.config/patroni/patronictl.yaml")
	text, err := c.ReadFile(file)
	if err != nil && (global.has("c") || c.Env("PATRONICTL_CONFIG_FILE") != "") {
		fmt.Fprintf(c.Stderr, "Error: Provided config file %s not existing or no read rights. Check the -c/--config-file parameter\n", file)
		return 1
	}
	if p.file, err = readPatroniFile(text); err != nil {
		fmt.Fprintf(c.Stderr, "Error: the config file %s is no YAML\n", file)
		return 1
	}
	if err := verb.run(p, ctx, args); err != nil {
		if a, ok := err.(wrongUse); ok {
			return p.usage(words[0], "%s", string(a))
		}
		if errors.Is(err, errAborted) {
			fmt.Fprintln(c.Stderr, "Aborted!")
			return 1
		}
		fmt.Fprintf(c.Stderr, "Error: %s\n", err)
		return 1
	}
	return 0
}

// wrongUse is a mistake of the arguments, which click answers with status 2.
type wrongUse string

func (w wrongUse) Error() string { return string(w) }

func patronictlHelp() string {
	var b strings.Builder
	b.WriteString("Usage: patronictl [OPTIONS] COMMAND [ARGS]...\n\n  Command-line interface for interacting with Patroni.\n\nOptions:\n  -c, --config-file TEXT     Configuration file\n  -d, --dcs-url, --dcs TEXT  The DCS connect url\n  -k, --insecure             Allow connections to SSL sites without certs\n  --help                     Show this message and exit.\n\nCommands:\n")
	for _, name := range sortedKeys(patronictlVerbs) {
		fmt.Fprintf(&b, "  %-11s  %s\n", name, patronictlVerbs[name].help)
	}
	return b.String()
}

// scope is the cluster of the arguments, the file's own without one.
func (p *patronictlCall) scope(args []string) (string, error) {
	if len(args) > 0 {
		return args[0], nil
	}
	if p.file.Scope == "" {
		return "", wrongUse("Missing argument 'CLUSTER_NAME'.")
	}
	return p.file.Scope, nil
}
