package tools

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"recon/internal/twin/shell"
)

func (k *kit) store() map[string]shell.Command {
	return map[string]shell.Command{"etcdctl": k.etcdctl, "etcdutl": etcdutl, "etcd": etcdProgram}
}

const etcdVersion = "3.5.16"

// The exit statuses of etcdctl.
const (
	etcdError, etcdFeature, etcdArguments = 1, 4, 128
)

var etcdctlOptions = grammar{
	short: "w:h",
	long: []string{
		"endpoints:", "write-out=w:", "command-timeout:", "user:", "cluster?", "help=h",
		"prefix?", "keys-only?", "print-value-only?", "limit:", "consistency:", "count-only?", "from-key?", "rev:", "order:", "sort-by:",
		"physical?", "peer-urls:", "lease:",
	},
}

// etcdctlCall is one run.
type etcdctlCall struct {
	kit       *kit
	call      *shell.Call
	given     options
	endpoints []string
	timeout   time.Duration
	format    string
}

func (k *kit) etcdctl(ctx context.Context, c *shell.Call) int {
	given, words, err := etcdctlOptions.parse(c.Args[1:])
	if err != nil {
		text := err.Error()
		if _, name, ok := strings.Cut(text, "unrecognized option '"); ok {
			text = "unknown flag: " + strings.TrimSuffix(name, "'")
		}
		fmt.Fprintf(c.Stderr, "Error: %s\n", text)
		return etcdError
	}
	e := &etcdctlCall{kit: k, call: c, given: given}
	if given.has("h") || len(words) == 0 {
		fmt.Fprint(c.Stdout, "NAME:\n\tetcdctl - A simple command line client for etcd3.\n\nUSAGE:\n\tetcdctl [flags]\n\nVERSION:\n\t"+etcdVersion+"\n\nAPI VERSION:\n\t3.5\n\nCOMMANDS:\n"+etcdctlHelp)
		return 0
	}
	run, args := e.find(words)
	if run == nil {
		return etcdError
	}
	if code := e.prepare(); code != 0 {
		return code
	}
	return run(ctx, args)
}

const etcdctlHelp = "\talarm disarm\t\tDisarms all alarms\n\talarm list\t\tLists all alarms\n\tcompaction\t\tCompacts the event history in etcd\n\tdefrag\t\t\tDefragments the storage of the etcd members with given endpoints\n" +
	"\tdel\t\t\tRemoves the specified key or range of keys [key, range_end)\n\tendpoint hashkv\t\tPrints the KV history hash for each endpoint in --endpoints\n\tendpoint health\t\tChecks the healthiness of endpoints specified in `--endpoints` flag\n" +
	"\tendpoint status\t\tPrints out the status of endpoints specified in `--endpoints` flag\n\tget\t\t\tGets the key or a range of keys\n\tmember add\t\tAdds a member into the cluster\n\tmember list\t\tLists all members in the cluster\n" +
	"\tmember remove\t\tRemoves a member from the cluster\n\tmove-leader\t\tTransfers leadership to another etcd cluster member.\n\tput\t\t\tPuts the given key into the store\n\tsnapshot save\t\tStores an etcd node backend snapshot to a given file\n\tversion\t\t\tPrints the version of etcdctl\n"

type etcdVerb func(ctx context.Context, args []string) int

// find looks the command up; what is there and not simulated says so.
func (e *etcdctlCall) find(words []string) (etcdVerb, []string) {
	groups := map[string]map[string]etcdVerb{
		"endpoint": {"status": e.status, "health": e.health, "hashkv": e.hashKV},
		"member":   {"list": e.members, "add": e.addMember, "remove": e.removeMember},
		"alarm":    {"list": e.alarms, "disarm": e.disarm},
		"snapshot": {"save": e.snapshot},
	}
	single := map[string]etcdVerb{
		"get": e.get, "put": e.put, "del": e.del, "compact": e.compact, "compaction": e.compact, "defrag": e.defrag, "move-leader": e.moveLeader, "version": e.version,
	}
	first := words[0]
	if run, ok := single[first]; ok {
		return run, words[1:]
	}
	group, ok := groups[first]
	if ok && len(words) > 1 {
		if run, ok := group[words[1]]; ok {
			return run, words[2:]
		}
		first += " " + words[1]
	}
	known := []string{"watch", "lease", "lock", "txn", "user", "role", "elect", "auth", "check", "make-mirror", "completion", "member update", "member promote", "snapshot status", "snapshot restore", "downgrade"}
	if slices.Contains(known, first) || ok {
		fmt.Fprintf(e.call.Stderr, "Error: the command %q is not simulated\n", first)
		return nil, nil
	}
	fmt.Fprintf(e.call.Stderr, "Error: unknown command %q for \"etcdctl\"\nRun 'etcdctl --help' for usage.\nError: unknown command %q for \"etcdctl\"\n", first, first)
	return nil, nil
}

// prepare reads the global flags and the environment, which must not say the same.
func (e *etcdctlCall) prepare() int {
	value := func(flag, usual string) (string, bool) {
		env := "ETCDCTL_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
		name := flag
		if flag == "write-out" {
			name = "w"
		}
		set := e.call.Env(env)
		switch {
		case set != "" && e.given.has(name):
			fmt.Fprintf(e.call.Stderr, `{"level":"fatal","ts":"%s","caller":"flags/flag.go:85","msg":"conflicting environment variable is shadowed by corresponding command-line flag (either unset environment variable or disable flag))","environment-variable":"%s"}`+"\n",
				now(e.call).UTC().Format("2006-01-02T15:04:05.000000Z"), env)
			return "", false
		case e.given.has(name):
			return e.given.value(name), true
		}
		return either(set, usual), true
	}
	endpoints, ok := value("endpoints", "127.0.0.1:2379")
	if !ok {
		return etcdError
	}
	e.endpoints = strings.Split(endpoints, ",")
	if e.format, ok = value("write-out", "simple"); !ok {
		return etcdError
	}
	if !slices.Contains([]string{"simple", "json", "table", "fields"}, e.format) {
		fmt.Fprintln(e.call.Stderr, "Error: unsupported output format")
		return etcdFeature
	}
	limit, ok := value("command-timeout", "")
	if !ok {
		return etcdError
	}
	e.timeout = storeTimeout
	if limit != "" {
		d, err := time.ParseDuration(limit)
		if err != nil {
			fmt.Fprintf(e.call.Stderr, "Error: invalid argument %q for \"--command-timeout\" flag: time: invalid duration %q\n", limit, limit)
			return etcdError
		}
		e.timeout = d
	}
	if _, ok := value("user", ""); !ok {
		return etcdError
	}
	if e.given.has("user") || e.call.Env("ETCDCTL_USER") != "" {
		fmt.Fprintln(e.call.Stderr, "Error: etcdserver: authentication is not enabled")
		return etcdError
	}
	return 0
}

// ask calls f with a client of all endpoints, within the command's timeout, and says what went wrong.
func (e *etcdctlCall) ask(ctx context.Context, f func(ctx context.Context, s *storeClient) error) int {
	s, err := e.kit.storeAt(ctx, e.call, e.endpoints)
	if err != nil {
		fmt.Fprintf(e.call.Stderr, "Error: %s\n", err)
		return etcdError
	}
	defer s.Close()
	limited, done := within(ctx, e.call, e.timeout)
	defer done()
	if err := f(limited, s); err != nil {
		e.gaveUp(limited, s, "etcd-client")
		fmt.Fprintf(e.call.Stderr, "Error: %s\n", s.why(limited, err))
		return etcdError
	}
	return 0
}

// gaveUp prints the client's own line when the time was over.
func (e *etcdctlCall) gaveUp(ctx context.Context, s *storeClient, logger string) {
	if ctx.Err() != nil {
		fmt.Fprintln(e.call.Stderr, s.warning(e.call, logger))
	}
}

// on is --name and --name=true.
func (e *etcdctlCall) on(name string) bool {
	return e.given.has(name) && e.given.value(name) != "false"
}

func (e *etcdctlCall) version(context.Context, []string) int {
	fmt.Fprintf(e.call.Stdout, "etcdctl version: %s\nAPI version: 3.5\n", etcdVersion)
	return 0
}

func (e *etcdctlCall) wrongArguments(text string) int {
	fmt.Fprintf(e.call.Stderr, "Error: %s\n", text)
	return etcdArguments
}

func memberNumber(text string) (uint64, error) { return strconv.ParseUint(text, 16, 64) }

// etcdutl tells its version; what it does with data directories is not simulated.
func etcdutl(_ context.Context, c *shell.Call) int {
	if len(c.Args) == 2 && c.Args[1] == "version" {
		fmt.Fprintf(c.Stdout, "etcdutl version: %s\nAPI version: 3.5\n", etcdVersion)
		return 0
	}
	fmt.Fprintf(c.Stderr, "Error: %q is not simulated; version is\n", strings.Join(c.Args[1:], " "))
	return 1
}

func etcdProgram(_ context.Context, c *shell.Call) int {
	if len(c.Args) == 2 && strings.TrimLeft(c.Args[1], "-") == "version" {
		fmt.Fprintf(c.Stdout, "etcd Version: %s\nGit SHA: Not provided (use ./build instead of go build)\nGo Version: go1.24.0\nGo OS/Arch: linux/amd64\n", etcdVersion)
		return 0
	}
	return c.Fail(1, "running a member by hand is not simulated; systemctl start etcd-patroni runs it")
}
