package gate

import (
	"errors"
	"strings"
	"testing"
)

func TestRender(t *testing.T) {
	s := cluster()
	for _, c := range []struct {
		template, want string
		complete       bool
	}{
		{
			`{find(patroni.members, .state == "start failed").name} cannot start; {patroni.leader.name} leads on timeline {patroni.leader.timeline}`,
			"netbox-node-1 cannot start; netbox-node-2 leads on timeline 7", true,
		},
		{"plain", "plain", true},
		{"", "", true},
		{"{{etcd.term}} is {etcd.term}, }}{{", "{etcd.term} is 9, }{", true},
		{`{inputs.member == "}" ? "{" : '}'}`, "}", true},
		{`{any(nodes, {.name == "netbox-node-2"})}`, "true", true},
		{`{inputs.member + "\"}"}`, `netbox-node-1"}`, true},
		{"lag {patroni.leader.lag} of {patroni.leader}", "lag ? of netbox-node-2", false},
		{"held by {vips.web.holder}", "held by none", true},
		{"{patroni.members}", "netbox-node-1, netbox-node-2, netbox-node-3", true},
		{"{map(patroni.members, .state)}", "start failed, running, ?", false},
		{`{map(filter(patroni.members, .role != "leader"), .name)}`, "netbox-node-1, netbox-node-3?", false},
		{"{etcd.alarms} raised", "none raised", true},
		{"load {nodes[0].load}", "load 0.25", true},
		{"ä{inputs.member}ö", "änetbox-node-1ö", true},
	} {
		tpl, err := Interpolate(c.template, scope())
		if err != nil {
			t.Errorf("%s: %v", c.template, err)
			continue
		}
		if got, complete := tpl.Render(s.vars()); got != c.want || complete != c.complete {
			t.Errorf("%s is %q, complete %v; want %q, %v", c.template, got, complete, c.want, c.complete)
		}
	}
	tpl, err := Interpolate("{etcd.term} and {inputs.member}", scope())
	if err != nil || len(tpl.Exprs()) != 2 || tpl.Exprs()[1].Source() != "inputs.member" {
		t.Errorf("expressions %v, %v", tpl, err)
	}
}

func TestErrorsOfTemplates(t *testing.T) {
	for _, c := range []struct {
		template string
		offset   int
		want     string
	}{
		{"ö {etcd.trm}", 9, "column 9: etcd has no field `trm`; did you mean `term`?"},
		{"a { b", 2, "this brace is not closed"},
		{"a } b", 2, "this closing brace has no opening one"},
		{"a {} b", 3, "the expression is empty"},
		{"{vips}", 1, "a map of vip cannot be written in a sentence"},
		{"{nodes[0].disks}", 1, "a list of disk cannot be written in a sentence"},
		{`{"unclosed}`, 0, "this brace is not closed"},
		{"{{{etcd.x}", 8, "etcd has no field `x`"},
	} {
		_, err := Interpolate(c.template, scope())
		var e *Error
		if !errors.As(err, &e) || e.Offset != c.offset || !strings.Contains(e.Error(), c.want) {
			t.Errorf("%s: %v at %+v, want %q at %d", c.template, err, e, c.want, c.offset)
		}
	}
}
