//go:build lab

// These tests ask the real Redis and Sentinel what their commands are. They need the package redis-server; everything
// listens on loopback.
package redisblock

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// started runs redis-server with a configuration and gives a client once it answers.
func started(t *testing.T, conf string, args ...string) *redis.Client {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	_ = l.Close() // the server takes it
	dir := t.TempDir()
	file := filepath.Join(dir, "redis.conf")
	if err := os.WriteFile(file, []byte("bind 127.0.0.1\nport "+port+"\ndir "+dir+"\n"+conf), 0o600); err != nil {
		t.Fatal(err)
	}
	server := exec.Command("redis-server", append([]string{file}, args...)...)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	c := redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + port, Protocol: 2, DisableIdentity: true})
	t.Cleanup(func() { _ = c.Close() })
	for limit := time.Now().Add(15 * time.Second); c.Ping(context.Background()).Err() != nil; {
		if time.Now().After(limit) {
			t.Fatal("the server does not answer")
		}
	}
	return c
}

// described are a server's commands and subcommands with their flags.
func described(t *testing.T, c *redis.Client) map[string][]string {
	t.Helper()
	reply, err := c.Do(t.Context(), "COMMAND").Slice()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	add := func(v any) (name string, subs []any) {
		e := v.([]any)
		name = strings.ToUpper(strings.ReplaceAll(e[0].(string), "|", " "))
		for _, f := range e[2].([]any) {
			out[name] = append(out[name], f.(string))
		}
		if out[name] == nil {
			out[name] = []string{}
		}
		if len(e) > 9 {
			subs = e[9].([]any)
		}
		return name, subs
	}
	for _, v := range reply {
		name, subs := add(v)
		for _, s := range subs {
			add(s)
		}
		if len(subs) > 0 && name != "COMMAND" {
			delete(out, name)
		}
	}
	return out
}

// Every command of a real server is known here, and none that it calls a write is taken for a question.
func TestTheRealCommands(t *testing.T) {
	for service, c := range map[Service]*redis.Client{Redis: started(t, "save \"\"\n"), Sentinel: started(t, "", "--sentinel")} {
		seen := 0
		for name, flags := range described(t, c) {
			v := Judge(service, strings.Fields(name))
			seen++
			writes := slices.Contains(flags, "write") && !slices.Contains([]string{"SORT", "GEORADIUS", "GEORADIUSBYMEMBER", "BITFIELD"}, name)
			switch {
			case !v.Known:
				t.Errorf("%s: %s is not known", service, name)
			case writes && v.Effect == Reads && v.Refused == "":
				t.Errorf("%s: %s writes, and is taken for a question", service, name)
			case slices.Contains(flags, "blocking") && v.Refused == "" && Judge(service, append(strings.Fields(name), "BLOCK", "0")).Refused == "" && !strings.HasPrefix(name, "WAIT"):
				t.Errorf("%s: %s blocks, and is sent", service, name)
			case service == Sentinel && strings.Contains(v.Refused, "Sentinel has no command"):
				t.Errorf("Sentinel has %s, and it is refused", name)
			}
		}
		t.Logf("%s: %d commands", service, seen)
		if least := map[Service]int{Redis: 280, Sentinel: 30}[service]; seen < least {
			t.Errorf("%s described %d commands only", service, seen)
		}
	}
}
