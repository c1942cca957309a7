package remote

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"recon/internal/inventory"
)

func wirePool(t testing.TB, b inventory.Become) *Pool {
	return pool(t, Options{}, quick(), inventory.Node{Name: "db1", Address: "10.0.0.1", SSH: inventory.SSH{User: "deploy", Become: b}})
}

func TestWire(t *testing.T) {
	say := `echo MARKER >&2; read -r go; [ "$go" = recon-go ] || exit 125; unset go` + "\n"
	for _, c := range []struct {
		name      string
		become    inventory.Become
		wanted    bool
		line, who string
	}{
		{"plain", inventory.Become{Method: "sudo", User: "root"}, false, `exec /bin/sh -c 'echo '\''a b'\'''`, "deploy"},
		{"none", inventory.Become{Method: "none", User: "root"}, true, `exec /bin/sh -c 'echo '\''a b'\'''`, "deploy"},
		{"is that user already", inventory.Become{Method: "su", User: "deploy"}, true, `exec /bin/sh -c 'echo '\''a b'\'''`, "deploy"},
		{
			"sudo",
			inventory.Become{Method: "sudo", User: "root"},
			true,
			`sudo -n -u root -- /bin/sh -c '` + say + `echo '\''a b'\'''`, "root (sudo)",
		},
		{"the default", inventory.Become{}, true, `sudo -n -u root -- /bin/sh -c '` + say + `echo '\''a b'\'''`, "root (sudo)"},
		{
			"sudo with a password",
			inventory.Become{Method: "sudo", User: "postgres", Password: secret(t, "word")},
			true,
			`sudo -S -p 'MARKER-password:' -u postgres -- /bin/sh -c '` + say + `echo '\''a b'\'''`, "postgres (sudo)",
		},
		{
			"su",
			inventory.Become{Method: "su", User: "root", Password: secret(t, "word")},
			true,
			`env LC_ALL=C su -s /bin/sh -c 'unset LC_ALL; PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; ` + say + `echo '\''a b'\''' root`, "root (su)",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := wirePool(t, c.become)
			line, who, err := p.Wire("db1", "echo 'a b'", c.wanted)
			if err != nil {
				t.Fatal(err)
			}
			marker := p.marker("db1", "echo 'a b'")
			if len(marker) != markerLength {
				t.Fatalf("marker %q", marker)
			}
			if got := strings.ReplaceAll(line, marker, "MARKER"); got != c.line || who != c.who {
				t.Fatalf("%s as %s", got, who)
			}
			again, _, _ := p.Wire("db1", "echo 'a b'", c.wanted)
			if again != line {
				t.Fatal("the second plan is another")
			}
			other, _, _ := wirePool(t, c.become).Wire("db1", "echo 'a b'", c.wanted)
			if strings.Contains(line, markerStart) == (other == line) {
				t.Fatalf("the marker is not random: %s", line)
			}
		})
	}
}

func TestWireRefuses(t *testing.T) {
	for _, c := range []struct{ node, cmd, user, says string }{
		{"db9", "true", "root", "no node"},
		{"db1", "echo a\x00b", "root", "NUL"},
		{"db1", strings.Repeat("x", LineLimit), "root", "is the most"},
		{"db1", "true", "-i", "not a user's name"},
		{"db1", "true", "a b", "not a user's name"},
		{"db1", "true", "a;b", "not a user's name"},
		{"db1", "true", "9a", "not a user's name"},
	} {
		_, _, err := wirePool(t, inventory.Become{Method: "sudo", User: c.user}).Wire(c.node, c.cmd, true)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%.20q as %q: %v", c.cmd, c.user, err)
		}
	}
}

func TestUserAndAddress(t *testing.T) {
	config := write(t, "config", "Host db\n HostName 10.0.0.7\n User op\n")
	bad := write(t, "config", "User \"x\n")
	p := pool(
		t, Options{}, quick(),
		inventory.Node{Name: "db1", Address: "db", SSH: inventory.SSH{Config: config}},
		inventory.Node{Name: "db2", Address: "db", SSH: inventory.SSH{Config: bad}},
	)
	if p.User("db1") != "op" || p.Address("db1") != "10.0.0.7" {
		t.Fatalf("%q at %q", p.User("db1"), p.Address("db1"))
	}
	for _, n := range []string{"db2", "db9"} {
		if p.User(n) != "" || p.Address(n) != "" {
			t.Fatalf("%s: %q at %q", n, p.User(n), p.Address(n))
		}
	}
	if _, _, err := p.Wire("db2", "true", false); err == nil || !strings.Contains(err.Error(), bad+":1") {
		t.Fatal(err)
	}
}

func TestConsoleHostIsANode(t *testing.T) {
	p := newPool(&inventory.Cluster{Console: inventory.Console{
		Remote: true, Host: inventory.Node{Name: "console", Address: "10.0.0.9", SSH: inventory.SSH{User: "op"}},
	}}, Options{}, quick())
	defer p.Close()
	if p.User("console") != "op" {
		t.Fatal("the console is not known")
	}
}

// FuzzQuote sends any text through the shells that hosts have, twice quoted as under become.
func FuzzQuote(f *testing.F) {
	for _, s := range []string{"", "'", "a'b", `\'`, "$(x)`y`!", "\n\n", "-n", "ü\x80\xff", "''''", "a\\\nb"} {
		f.Add(s)
	}
	var shells []string
	for _, name := range []string{"sh", "dash", "bash"} {
		if path, err := exec.LookPath(name); err == nil {
			shells = append(shells, path)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsRune(text, 0) || len(text) > 1000 {
			return
		}
		inner := "printf %s " + quote(text)
		for _, shell := range shells {
			out, err := exec.Command(shell, "-c", "exec "+shell+" -c "+quote(inner)).Output()
			if err != nil || !bytes.Equal(out, []byte(text)) {
				t.Fatalf("%s: %q became %q, %v", shell, text, out, err)
			}
		}
	})
}
