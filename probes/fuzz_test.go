package probes

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
)

// What comes from outside may be anything. The parsers must not panic, and what they let through must be fit to be shown.

func seed(f *testing.F, name string) {
	f.Helper()
	files, err := filepath.Glob("testdata/*/node?/" + name)
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds %s: %v", name, err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, s := range []string{``, `{`, `[]`, `null`, `{"state":7}`, `<html>`, "\x1b[2J", `[[1,"x"]]`, `{"members":[{"lag":"12"}]}`, strings.Repeat(`[`, 20000)} {
		f.Add([]byte(s))
	}
}

func safe(t *testing.T, texts ...string) {
	t.Helper()
	for _, s := range texts {
		if len(s) > longest+len("…") {
			t.Errorf("%d bytes are too many for a cell", len(s))
		}
		for _, c := range s {
			if unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) {
				t.Errorf("%q holds %U", s, c)
			}
		}
	}
}

func FuzzReport(f *testing.F) {
	seed(f, "patroni.json")
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := parseReport(b)
		if err != nil {
			safe(t, words(err, deadline))
			return
		}
		safe(t, r.State, r.Role, r.Replication, r.SystemIdentifier, r.Patroni.Name, r.Patroni.Scope, r.Patroni.Version)
		for _, x := range r.Followers {
			safe(t, x.Name, x.Address, x.State, x.SyncState)
		}
		for k, v := range tags(r.Tags) {
			safe(t, k, v)
		}
	})
}

func FuzzView(f *testing.F) {
	seed(f, "cluster.json")
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := parseView(b)
		if err != nil {
			safe(t, words(err, deadline))
			return
		}
		for _, m := range v.Members {
			safe(t, m.Name, m.Role, m.State, m.Host)
		}
		if s := v.Scheduled; s != nil {
			safe(t, s.At, s.From, s.To)
		}
	})
}

func FuzzHistory(f *testing.F) {
	seed(f, "history.json")
	f.Fuzz(func(t *testing.T, b []byte) {
		rows, err := parseHistory(b)
		if err != nil {
			safe(t, words(err, deadline))
		}
		for _, r := range rows {
			safe(t, r.Reason, r.At, r.Leader)
		}
	})
}

func FuzzConfig(f *testing.F) {
	seed(f, "config.json")
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := parseConfig(b); err != nil {
			safe(t, words(err, deadline))
		}
		if _, err := parsePause(b); err != nil {
			safe(t, words(err, deadline))
		}
	})
}

func FuzzKeys(f *testing.F) {
	for _, name := range []string{"leader", "initialize", "sync", "config", "history", "members/a", "status", ""} {
		for _, v := range []string{"netbox-node-1", "\x1b[31m\u202e", `{"sync_standby":"a,b"}`, `{"conn_url":"postgres://a:1/x"}`, `[[1,2]]`, ``} {
			f.Add(name, []byte(v))
		}
	}
	f.Fuzz(func(t *testing.T, name string, v []byte) {
		k := parseKeys("/s/x/", &pb.RangeResponse{Kvs: []*mvccpb.KeyValue{{Key: []byte("/s/x/" + name), Value: v}}})
		for _, p := range []*string{k.leader, k.initialize} {
			if p != nil {
				safe(t, *p)
			}
		}
		safe(t, k.syncStandbys...)
		for n, h := range k.members {
			safe(t, n, h)
		}
		for _, why := range k.malformed {
			safe(t, why)
		}
	})
}

func FuzzLists(f *testing.F) {
	f.Add([]byte(`{"followers":[{"name":"a","address":"b","state":"streaming","sync_state":"sync","replay_lag_bytes":0}],"slots":[],"copies":[{"streamed":1,"total":null}]}`))
	f.Add([]byte(`{"slots":{}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := parseLists(b)
		if err != nil {
			safe(t, words(err, deadline))
		}
		for _, x := range l.Followers {
			safe(t, x.Name, x.Address, x.State, x.SyncState)
		}
		for _, x := range l.Slots {
			safe(t, x.Name, x.Kind, x.Status)
		}
		for _, x := range l.Copies {
			safe(t, x.Name, x.Address)
		}
	})
}

func FuzzHost(f *testing.F) {
	f.Add([]byte(hostText))
	f.Add([]byte("--recon-units\nId=a\nActiveState=active\n\nActiveState=\x1b[31m"))
	f.Add([]byte("--recon-disk\n/\nx 9223372036854775807 9223372036854775807 1 1% /"))
	f.Add([]byte("--recon-start\n9999999999999999999.99999999999999999999999\n--recon-end\n1e9"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := parseHost(b, []string{"a", "b"})
		if err != nil {
			safe(t, words(err, hostDeadline))
			return
		}
		safe(t, h.hostname)
		safe(t, h.addresses...)
		for k, v := range h.units {
			safe(t, k, v, h.unitFiles[k])
		}
		for _, d := range h.disks {
			safe(t, d.Path, d.Mount)
			if d.Percent < 0 || d.Percent > 100 {
				t.Errorf("disk %+v", d)
			}
		}
		for _, p := range []*string{h.scope, h.namespace} {
			if p != nil {
				safe(t, *p)
			}
		}
	})
}

func FuzzAlarm(f *testing.F) {
	f.Add("memberID:15315719592556045757 alarm:NOSPACE ")
	f.Fuzz(func(t *testing.T, s string) {
		_, kind, _ := parseAlarm(s)
		safe(t, kind)
	})
}
