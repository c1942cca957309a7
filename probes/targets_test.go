package probes_test

import (
	"reflect"
	"strings"
	"testing"

	"recon/probes"
	"recon/probes/probestest"
)

// Every list of State whose items say how they were seen is among the targets, item by item.
func TestTargetsAreAll(t *testing.T) {
	s := probestest.Stack()
	got := map[string]int{}
	for _, x := range s.Targets() {
		got[x.System]++
		if x.Node == "" || x.Began.IsZero() {
			t.Errorf("a target without a name or an answer: %+v", x)
		}
	}
	want := map[string]int{"service": 3, "netbox": 1} // the paths and the entry are no lists
	seen := reflect.TypeFor[probes.Seen]()
	lists := func(section string, v reflect.Value) {
		if v.Kind() != reflect.Slice || v.Type().Elem().Kind() != reflect.Struct {
			return
		}
		if f, ok := v.Type().Elem().FieldByName("Seen"); ok && f.Anonymous && f.Type == seen {
			want[section] += v.Len()
		}
	}
	v := reflect.ValueOf(s).Elem()
	for i := range v.NumField() {
		section, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		switch x := v.Field(i); x.Kind() {
		case reflect.Slice:
			lists(section, x)
		case reflect.Struct:
			for k := range x.NumField() {
				if x.Type().Field(k).Name == "Members" {
					lists(section, x.Field(k))
				}
			}
		}
	}
	delete(want, "keepalived") // seen on the hosts
	for section, n := range want {
		if got[section] != n {
			t.Errorf("%s: %d targets, want %d", section, got[section], n)
		}
	}
}
