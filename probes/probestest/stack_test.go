package probestest_test

import (
	"reflect"
	"testing"

	"recon/probes"
	"recon/probes/probestest"
)

// Everything in the healthy whole stack is a fact, and nothing in it is blind, but for what is said to be unread.
func TestStackIsSeen(t *testing.T) {
	s := probestest.Stack()
	for name, v := range probes.Vars(s) {
		b, ok := v.(interface{ Blind(string) string })
		if !ok {
			continue
		}
		typ := reflect.TypeOf(v)
		for f := range typ.Fields() {
			if f.Tag.Get("gate") == "-" {
				continue
			}
			if why := b.Blind(f.Tag.Get("json")); why != "" {
				t.Errorf("%s.%s is not seen: %s", name, f.Tag.Get("json"), why)
			}
		}
	}
}
