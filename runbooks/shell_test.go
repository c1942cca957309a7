package runbooks

import (
	"strings"
	"testing"
)

func TestInvocations(t *testing.T) {
	for script, want := range map[string]string{
		"ls -l; rm x":                                       "ls -l|rm x",
		"if true; then rm x; fi":                            "true|rm x",
		"d=$PGDATA\nrm -rf \"$d\"/x":                        "rm -rf $PGDATA/x",
		"sudo -n -u postgres /usr/bin/rm x":                 "rm x",
		"runuser -u postgres -- psql -c 'select 1'":         "psql -c select 1",
		"su - postgres -c 'pg_ctl promote'":                 "pg_ctl promote",
		"sh -ec 'a; b'":                                     "a|b",
		"env A=1 timeout -k 5 10 nice -n 5 rm x":            "rm x",
		"ls | xargs -n 1 rm":                                "ls|rm",
		"x=$(rm y); echo \"$x\"":                            "rm y|echo $(...)",
		"f() { rm x; }\nf":                                  "rm x|f",
		"for i in a; do etcdctl member remove \"$i\"; done": "etcdctl member remove $i (loop)",
		"while read -r l; do rm \"$l\"; done <x":            "read -r l (loop)|rm $l (loop)",
		"echo 'rm -rf /' # rm -rf /":                        "echo rm -rf /",
		"cat <<E\nrm x\nE":                                  "cat",
		"[[ x":                                              "[[ x",
		"if":                                                "",
		"sudo":                                              "",
		"su":                                                "su",
	} {
		var got []string
		for _, i := range invocations(script) {
			text := strings.Join(i.words, " ")
			if i.loop {
				text += " (loop)"
			}
			got = append(got, text)
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%q: %s, expected %s", script, strings.Join(got, "|"), want)
		}
	}
}

func FuzzInvocations(f *testing.F) {
	f.Add("sudo -u x -- sh -c 'rm -rf \"$PGDATA\"' >y; for i in $(a); do b; done")
	f.Fuzz(func(t *testing.T, script string) {
		for _, i := range invocations(script) {
			c := &Command{Risk: Read, Script: script}
			if len(i.words) == 0 || i.line < 1 || i.column < 1 {
				t.Fatalf("%+v", i)
			}
			_, _, _, _ = patronictl(i), memberChange(i), stops(i), destroys(i)
			_, _ = changes(i), rebuilds(c)
		}
	})
}

func TestMeant(t *testing.T) {
	for word, want := range map[string]string{"timout": "did you mean `timeout`?", "zzz": "known are risk, timeout", "Risk": "did you mean `risk`?"} {
		if got := meant(word, []string{"risk", "timeout"}); got != want {
			t.Errorf("%s: %s", word, got)
		}
	}
}
