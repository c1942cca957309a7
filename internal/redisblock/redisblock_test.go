package redisblock

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestWords(t *testing.T) {
	values := map[string]string{"M": "a b", "EMPTY": "", "EVIL": `x"; $M 'y' FLUSHALL`}
	for line, want := range map[string][]string{
		"PING":                               {"PING"},
		"  SET  k\tv ":                       {"SET", "k", "v"},
		"SET k 'a  \"b\" $M \\n'":            {"SET", "k", `a  "b" $M \n`},
		`SET k "a \"b\" \\ \$M $M"`:          {"SET", "k", `a "b" \ $M a b`},
		`SET k a\ b\$M\'`:                    {"SET", "k", "a b$M'"},
		"SET $M pre-${M}x":                   {"SET", "a b", "pre-a bx"},
		`SET $EMPTY "" '' x`:                 {"SET", "", "", "", "x"},
		"SET k $EVIL":                        {"SET", "k", `x"; $M 'y' FLUSHALL`},
		"SET a#b '#c' # SET d e":             {"SET", "a#b", "#c"},
		"KEYS rq:*{x,y}?[z]~":                {"KEYS", "rq:*{x,y}?[z]~"},
		"XADD s '*' a 'x>y' \"|;&\" 'ü\x1b'": {"XADD", "s", "*", "a", "x>y", "|;&", "ü\x1b"},
	} {
		commands, err := Parse("\n# a comment\n" + line + "\n\n")
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		if len(commands) != 1 || commands[0].Line != 3 {
			t.Errorf("%s: %+v", line, commands)
			continue
		}
		if got, err := commands[0].Fill(values); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v; want %q", line, got, err, want)
		}
	}
	commands, err := Parse("SET k $NOBODY")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := commands[0].Fill(values); err == nil || !strings.Contains(err.Error(), "$NOBODY") {
		t.Errorf("a value that nobody gave: %q, %v", got, err)
	}
}

func TestMistakesHaveTheirPlace(t *testing.T) {
	for text, want := range map[string]struct {
		line, column int
		what         string
	}{
		"PING\nSET 'a b":   {2, 5, "not closed"},
		"SET \"a b":        {1, 5, "not closed"},
		"INFO | grep x":    {1, 6, "`|` means something to a shell"},
		"SET ü x; FLUSHDB": {1, 8, "`;`"},
		"SET k $(id)":      {1, 7, "dollar sign"},
		"SET k a`id`":      {1, 8, "``` means"},
		"SET k $1":         {1, 7, "dollar sign"},
		"SET k ${M":        {1, 7, "dollar sign"},
		"SET k \"a\\n\"":   {1, 9, "backslash"},
		"PING \\":          {1, 6, "nothing stands behind"},
		"SET k > file":     {1, 7, "`>`"},
	} {
		commands, err := Parse(text)
		if err == nil || err.Line != want.line || err.Column != want.column || !strings.Contains(err.What, want.what) {
			t.Errorf("%q: %+v, %v", text, commands, err)
		}
	}
}

func TestJudge(t *testing.T) {
	const nothing = ""
	for _, c := range []struct {
		service Service
		line    string
		known   bool
		effect  Effect
		refused string
		at      int
	}{
		{Redis, "info replication", true, Reads, nothing, 0},
		{Redis, "CONFIG GET dir", true, Reads, nothing, 0},
		{Redis, "config set maxmemory 1gb", true, Changes, nothing, 0},
		{Redis, "CONFIG SET dir /x requirepass y", true, Destroys, "password", 4},
		{Redis, "CONFIG SET masterauth ''", true, Changes, nothing, 0},
		{Redis, "DEL k", true, Changes, nothing, 0},
		{Redis, "SLAVEOF 10.0.0.1 6379", true, Destroys, nothing, 0},
		{Redis, "REPLICAOF no one", true, Changes, nothing, 0},
		{Redis, "FAILOVER TO h 1 FORCE TIMEOUT 10", true, Destroys, nothing, 0},
		{Redis, "FAILOVER", true, Changes, nothing, 0},
		{Redis, "MIGRATE h 1 k 0 10", true, Destroys, nothing, 0},
		{Redis, "MIGRATE h 1 k 0 10 COPY", true, Changes, nothing, 0},
		{Redis, "MIGRATE h 1 k 0 10 COPY AUTH x", true, Destroys, "password", 7},
		{Redis, "SORT l", true, Reads, nothing, 0},
		{Redis, "SORT l STORE m", true, Changes, nothing, 0},
		{Redis, "EVAL 'return 1' 0", true, Changes, nothing, 0},
		{Redis, "ACL LOG RESET", true, Changes, nothing, 0},
		{Redis, "ACL SETUSER u on '>pw'", true, Destroys, "password", 4},
		{Redis, "ACL SETUSER u on", true, Changes, nothing, 0},
		{Redis, "JSON.GET k", true, Changes, nothing, 0},
		{Redis, "flushall", true, Destroys, "empties Redis", 0},
		{Redis, "SUBSCRIBE c", true, Destroys, "takes the connection over", 0},
		{Redis, "psubscribe c", true, Destroys, "takes the connection over", 0},
		{Redis, "MONITOR", true, Destroys, "takes the connection over", 0},
		{Redis, "BLPOP l 0", true, Destroys, "waits until", 0},
		{Redis, "XREAD BLOCK 0 STREAMS s 0", true, Destroys, "BLOCK", 1},
		{Redis, "XREAD STREAMS s 0", true, Reads, nothing, 0},
		{Redis, "WAIT 1 0", true, Destroys, "without an end", 2},
		{Redis, "WAIT 1 2000", true, Reads, nothing, 0},
		{Redis, "AUTH x", true, Destroys, "credentials", 0},
		{Redis, "MULTI", true, Destroys, "transaction", 0},
		{Redis, "CLIENT REPLY OFF", true, Destroys, "this connection", 0},
		{Redis, "SHUTDOWN NOSAVE", true, Destroys, "systemd", 0},
		{Redis, "CONFIG", true, Destroys, "stands alone", 0},
		{Redis, "SENTINEL MASTERS", true, Destroys, "goes to Redis", 0},
		{Redis, "GTE k", false, Reads, nothing, 0},
		{Redis, "CONFIG $WHAT x", false, Reads, nothing, 1},
		{Redis, "$WHAT.x y", false, Reads, nothing, 0},
		{Sentinel, "SENTINEL FAILOVER m", true, Changes, nothing, 0},
		{Sentinel, "SENTINEL get-master-addr-by-name m", true, Reads, nothing, 0},
		{Sentinel, "SENTINEL CONFIG GET x", true, Reads, nothing, 0},
		{Sentinel, "SENTINEL CONFIG SET x y", true, Changes, nothing, 0},
		{Sentinel, "SENTINEL SET m quorum 2 auth-pass x", true, Destroys, "password", 5},
		{Sentinel, "SENTINEL FIALOVER m", false, Reads, nothing, 1},
		{Sentinel, "INFO", true, Reads, nothing, 0},
		{Sentinel, "GET k", true, Destroys, "Sentinel has no command `GET`", 0},
	} {
		commands, err := Parse(c.line)
		if err != nil {
			t.Fatal(err)
		}
		v := Judge(c.service, commands[0].Texts())
		if v.Known != c.known || v.Effect != c.effect || (v.Refused == "") != (c.refused == "") || !strings.Contains(v.Refused, c.refused) || v.At != c.at {
			t.Errorf("%s: %+v", c.line, v)
		}
	}
}

// No name is refused by one list and described by another, or missing where somebody looks for the word that was meant.
func TestTheListsAgree(t *testing.T) {
	for name := range effects {
		if why, _ := takesOver(name); why != "" {
			t.Errorf("%s is refused (%s) and has an effect", name, why)
		}
		if first, _, sub := strings.Cut(name, " "); sub && !slices.Contains(families, first) {
			t.Errorf("%s has subcommands and is no family", first)
		}
	}
	if !slices.Contains(Names(Sentinel), "SENTINEL FAILOVER") || slices.Contains(Names(Redis), "SENTINEL FAILOVER") || slices.Contains(Names(Sentinel), "GET") {
		t.Error("names")
	}
}

// What a word is written as for a shell, a shell and Parse read back.
func FuzzQuote(f *testing.F) {
	for _, s := range []string{"", "a b", "'", `\`, "$x", "*", "#", "a\nb", "{a,b}", "~", "-n", "ü", "a|b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ContainsRune(s, 0) || strings.ToValidUTF8(s, "") != s {
			return
		}
		if out, err := exec.Command("/bin/sh", "-c", "printf %s "+Quote(s)).Output(); err == nil && string(out) != s && s != "-n" {
			t.Errorf("%q came back from the shell as %q", s, out)
		}
		if strings.ContainsAny(s, "\n\r") {
			return
		}
		commands, err := Parse("ECHO " + Quote(s))
		if err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		if got, err := commands[0].Fill(nil); err != nil || len(got) != 2 || got[1] != s {
			t.Errorf("%q came back as %q, %v", s, got, err)
		}
	})
}

func TestShell(t *testing.T) {
	commands, err := Parse(`SET $KEY "a $B" pre$C 'x*' "" #c`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range commands[0].Words {
		got = append(got, w.Shell())
	}
	if want := `SET "$KEY" 'a '"${B}" pre"${C}" 'x*' ''`; strings.Join(got, " ") != want {
		t.Errorf("%s\nwant %s", strings.Join(got, " "), want)
	}
}
