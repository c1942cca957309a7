package runbooks

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"recon/internal/gate"
	"recon/probes"
	"recon/probes/probestest"
)

const (
	node1 = probestest.Node1
	node2 = probestest.Node2
	node3 = probestest.Node3
)

// recognised is a State that differs from the healthy whole stack in one failure, and the books that recognise it.
type recognised struct {
	name string
	// book is the one that this failure is about, because its reason in words; also are the others that apply as well.
	book, because string
	also          []string
	broken        func(s *probes.State)
}

// whole is the healthy whole stack, with the key files of the web proxies readable too.
func whole() *probes.State {
	s := probestest.Stack()
	for i := range s.Web.Members {
		s.Web.Members[i].FileKeyMatches, s.Web.Members[i].Unread = true, map[string]string{}
	}
	return s
}

// applying are the books whose `when` passes on a State, with their reasons.
func applying(l *Library, s *probes.State) map[string]string {
	out, vars := map[string]string{}, probes.Vars(s)
	for _, b := range l.Books {
		if b.When != nil && b.Kind != Drill && b.When.Expr.Answer(vars) == gate.Pass {
			out[b.ID], _ = b.Because.Render(vars)
		}
	}
	return out
}

func sortedIDs(found map[string]string) []string {
	var out []string
	for id := range found {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

func TestFindingsRecognise(t *testing.T) {
	l := library(t)
	proven := map[string]bool{}
	for _, c := range slices.Concat(storeFailures(), databaseFailures(), redisFailures(), entryFailures(), hostFailures()) {
		s := whole()
		c.broken(s)
		probestest.Settle(s)
		found := applying(l, s)
		want := append(slices.Clone(c.also), c.book)
		slices.Sort(want)
		if got := sortedIDs(found); !slices.Equal(got, want) {
			t.Errorf("%s: %v, expected %v", c.name, got, want)
		}
		if found[c.book] != c.because {
			t.Errorf("%s: because %q, expected %q", c.name, found[c.book], c.because)
		}
		if len([]rune(c.because)) > 100 {
			t.Errorf("%s: the reason is too long for a line: %q", c.name, c.because)
		}
		proven[c.book] = true
		neverOnSilence(t, l, c, s)
	}
	for _, b := range l.Books {
		if b.When != nil && !proven[b.ID] && !slices.Contains([]string{"patroni-leader-crash", "patroni-rejoin-old-leader"}, b.ID) {
			t.Errorf("%s: no case shows what it recognises", b.ID)
		}
	}
}

// neverOnSilence blinds, in a State in which a book applies, all sections that the book reads: then it must not apply.
func neverOnSilence(t *testing.T, l *Library, c recognised, s *probes.State) {
	t.Helper()
	b, ok := l.Book(c.book)
	if !ok || slices.Contains(aboutBlindness(), c.book) {
		return
	}
	for _, way := range ways() {
		copied := *s
		for _, path := range b.When.Expr.Reads() {
			section, _, _ := strings.Cut(path, ".")
			blind(t, &copied, section, way)
		}
		if b.When.Expr.Answer(probes.Vars(&copied)) == gate.Pass {
			t.Errorf("%s: %s applies although everything it reads is %s", c.name, c.book, way)
		}
	}
}

// On a healthy cluster that has everything, every book says no: not yes, and not unknown either.
func TestHealthyFindsNothing(t *testing.T) {
	l := library(t)
	vars := probes.Vars(whole())
	for _, b := range l.Books {
		if b.When == nil {
			continue
		}
		if r := b.When.Expr.Eval(vars); r.Answer != gate.Fail {
			t.Errorf("%s: %s on the healthy stack: %s %+v", b.ID, r.Answer, r.Unseen, r.Parts)
		}
	}
}

// A cluster without Redis, PgBouncer, NetBox and the rest, as the cluster file says, has no findings about them.
func TestWithoutTheSystemNothingIsFound(t *testing.T) {
	l := library(t)
	for name, s := range map[string]*probes.State{
		"etcd, Patroni and PostgreSQL only": probestest.Healthy(),
		"nothing asked yet":                 {},
	} {
		if found := applying(l, s); len(found) > 0 {
			t.Errorf("%s: %v", name, found)
		}
	}
	for _, section := range []string{"redis", "sentinel", "haproxy", "keepalived", "pgbouncer", "web", "netbox"} {
		s := whole()
		without := probestest.Healthy()
		switch section {
		case "redis":
			s.Redis = without.Redis
		case "sentinel":
			s.Sentinel = without.Sentinel
		case "haproxy":
			s.HAProxy = without.HAProxy
		case "keepalived":
			s.Keepalived, s.VIPs = probes.Keepalived{Members: []probes.KeepalivedMember{}, Unseen: "the cluster file names no Keepalived"}, map[string]probes.VIP{}
		case "pgbouncer":
			s.PgBouncer = without.PgBouncer
		case "web":
			s.Web = without.Web
		case "netbox":
			s.NetBox = without.NetBox
		}
		if found := applying(l, s); len(found) > 0 {
			t.Errorf("without %s: %v", section, found)
		}
	}
}

// A finding never rests on a section that did not answer: with one section blind, or all, only the books about blindness
// apply.
func TestSilenceIsNoFinding(t *testing.T) {
	l := library(t)
	var sections []string
	for name := range probes.Words() {
		sections = append(sections, name)
	}
	slices.Sort(sections)
	for _, way := range ways() {
		all := whole()
		for _, section := range sections {
			one := whole()
			blind(t, one, section, way)
			blind(t, all, section, way)
			for id, because := range applying(l, one) {
				if !slices.Contains(aboutBlindness(), id) {
					t.Errorf("%s %s: %s: %s", section, way, id, because)
				}
			}
		}
		for id, because := range applying(l, all) {
			if !slices.Contains(aboutBlindness(), id) {
				t.Errorf("everything %s: %s: %s", way, id, because)
			}
		}
	}
}

// aboutBlindness are the books for which silence itself is the fact.
func aboutBlindness() []string {
	return []string{"console-cannot-see", "host-dead", "node-cut-off", "ssh-down", "node-alone", "users-path-fails"}
}

func ways() []string { return []string{"silent", "not asked yet"} }

// blind makes a section of a State into one that did not answer, or that nobody asked.
func blind(t *testing.T, s *probes.State, section, way string) {
	t.Helper()
	if section == "cluster" {
		return
	}
	v := reflect.ValueOf(s).Elem()
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if name == section {
			v.Field(i).Set(blinded(v.Field(i), way))
			return
		}
	}
	t.Fatalf("State has no section %s", section)
}

// blinded is a copy in which everything that says how it was seen says that it was not.
func blinded(v reflect.Value, way string) reflect.Value {
	const why = "nobody answered"
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch v.Kind() {
	case reflect.Slice:
		if v.IsNil() || v.Type().Elem().Kind() != reflect.Struct {
			return out
		}
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			out.Index(i).Set(blinded(v.Index(i), way))
		}
	case reflect.Map:
		if v.Type().Elem().Kind() != reflect.Struct {
			return out
		}
		out.Set(reflect.MakeMap(v.Type()))
		for _, k := range v.MapKeys() {
			out.SetMapIndex(k, blinded(v.MapIndex(k), way))
		}
	case reflect.Struct:
		if seen, ok := v.Interface().(probes.Seen); ok {
			if way == "silent" {
				out.Set(reflect.ValueOf(probestest.Silent(seen, 30*time.Second)))
			} else {
				out.Set(reflect.ValueOf(probes.Seen{}))
			}
			return out
		}
		for i := range v.NumField() {
			f := v.Type().Field(i)
			switch {
			case !f.IsExported() || f.Type == reflect.TypeFor[time.Time]():
			case f.Name == "Unseen" || f.Name == "UnseenDCS" || f.Name == "Unlisted":
				out.Field(i).SetString(why)
			case f.Name == "Known":
				out.Field(i).SetBool(false)
			case f.Name == "Unclear":
				all := map[string]string{}
				for j := range v.NumField() {
					all[v.Type().Field(j).Tag.Get("json")] = why
				}
				out.Field(i).Set(reflect.ValueOf(all))
			case f.Name == "Quorum" && f.Type == reflect.TypeFor[*bool](): // nobody can say it when nobody answers
				out.Field(i).SetZero()
			case f.Name == "Disputed":
				out.Field(i).SetString("")
			case f.Name == "Answered":
				out.Field(i).SetInt(0)
			default:
				out.Field(i).Set(blinded(v.Field(i), way))
			}
		}
		if try, ok := out.Addr().Interface().(*probes.Try); ok {
			try.Seen = probes.Seen{} // a path that fails is a fact; one that nobody tried is none
		}
		if x, ok := out.Addr().Interface().(*probes.Cross); ok {
			x.Disagreements = []string{}
		}
	case reflect.Pointer:
		if !v.IsNil() && v.Type().Elem().Kind() == reflect.Struct {
			p := reflect.New(v.Type().Elem())
			p.Elem().Set(blinded(v.Elem(), way))
			out.Set(p)
		}
	}
	return out
}
