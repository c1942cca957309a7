package tools

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// editConfig changes the configuration in the store by -s, -p, --apply and --replace; an editor is not simulated.
func (p *patronictlCall) editConfig(ctx context.Context, args []string) error {
	scope, err := p.scope(args)
	if err != nil {
		return err
	}
	c, err := p.read(ctx, scope)
	if err != nil {
		return err
	}
	if c.config == nil {
		return saying("The config key does not exist in the cluster %s", scope)
	}
	before := yamlText(c.config, "")
	changed, err := p.edited(c.config)
	if err != nil {
		return err
	}
	if reflect.DeepEqual(changed, c.config) {
		if !p.given.has("q") {
			fmt.Fprintln(p.call.Stdout, "Not changed")
		}
		return nil
	}
	if !p.given.has("q") {
		fmt.Fprint(p.call.Stdout, unifiedDiff(before, yamlText(changed, "")))
	}
	if (p.given.value("apply") == "-" || p.given.value("replace") == "-") && !p.force {
		fmt.Fprintln(p.call.Stdout, "Use --force option to apply changes")
		return nil
	}
	if !p.force {
		answer, err := p.ask("Apply these changes? [y/N]", "")
		if err != nil {
			return err
		}
		if a := strings.ToLower(answer); a != "y" && a != "yes" {
			return nil
		}
	}
	b, err := json.Marshal(changed)
	if err != nil {
		return err
	}
	err = p.store(ctx, func(ctx context.Context, s *storeClient) error {
		now, err := s.Get(ctx, p.prefix(scope)+"config", clientv3.WithSerializable())
		if err != nil {
			return err
		}
		if len(now.Kvs) != 1 || now.Kvs[0].ModRevision != c.configRev {
			return saying("Config modification aborted due to concurrent changes")
		}
		_, err = s.Put(ctx, p.prefix(scope)+"config", string(b))
		return err
	})
	if err == nil {
		fmt.Fprintln(p.call.Stdout, "Configuration changed")
	}
	return err
}

// edited is the configuration with the changes of the options.
func (p *patronictlCall) edited(config map[string]any) (map[string]any, error) {
	out := clone(config).(map[string]any)
	asked := false
	for _, flag := range []string{"replace", "apply"} {
		if !p.given.has(flag) {
			continue
		}
		asked = true
		text, err := p.document(p.given.value(flag))
		if err != nil {
			return nil, err
		}
		var v map[string]any
		if err := yaml.Unmarshal(text, &v); err != nil {
			return nil, err
		}
		v, _ = plain(v).(map[string]any)
		if flag == "replace" {
			out = v
		} else {
			patch(out, v)
		}
	}
	var pairs []string
	for _, o := range p.given {
		switch o.name {
		case "s":
			pairs = append(pairs, o.value)
		case "p":
			pairs = append(pairs, "postgresql.parameters."+strings.TrimLeft(o.value, " "))
		}
	}
	for _, kv := range pairs {
		asked = true
		if err := set(out, kv); err != nil {
			return nil, err
		}
	}
	if !asked {
		return nil, errors.New("an editor is not simulated; give the change with -s, -p, --apply or --replace")
	}
	return out, nil
}

func (p *patronictlCall) document(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(p.call.Stdin)
	}
	return p.call.ReadFile(name)
}

// set is one KEY.KEY=VALUE; null takes the key away.
func set(config map[string]any, kv string) error {
	name, text, ok := strings.Cut(kv, "=")
	if !ok || name == "" {
		return saying("Invalid parameter setting %s", kv)
	}
	var value any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		return err
	}
	value = plain(value)
	path := strings.Split(strings.TrimSpace(name), ".")
	if len(path) > 2 && path[0] == "postgresql" && path[1] == "parameters" {
		path = append(path[:2:2], strings.Join(path[2:], "."))
	}
	at := config
	for _, p := range path[:len(path)-1] {
		next, ok := at[p].(map[string]any)
		if !ok {
			next = map[string]any{}
			at[p] = next
		}
		at = next
	}
	last := path[len(path)-1]
	if value == nil {
		delete(at, last)
		return nil
	}
	at[last] = value
	return nil
}

// patch merges b into a as PATCH /config does.
func patch(a, b map[string]any) {
	for k, v := range b {
		inner, isMap := v.(map[string]any)
		old, wasMap := a[k].(map[string]any)
		switch {
		case v == nil:
			delete(a, k)
		case isMap && wasMap:
			patch(old, inner)
		default:
			a[k] = v
		}
	}
}

// plain gives the numbers of a YAML document the type that JSON has, so that they compare.
func plain(v any) any {
	b, err := json.Marshal(v)
	if err != nil {
		return v
	}
	var out any
	if json.Unmarshal(b, &out) != nil {
		return v
	}
	return out
}

func clone(v any) any { return plain(v) }

// unifiedDiff is the difference of two short texts, with three lines around each change.
func unifiedDiff(before, after string) string {
	a, b := strings.Split(strings.TrimRight(before, "\n"), "\n"), strings.Split(strings.TrimRight(after, "\n"), "\n")
	// The longest common subsequence by lines; a configuration has some dozens.
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	type step struct {
		mark byte
		text string
		i, j int
	}
	var steps []step
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			steps = append(steps, step{' ', a[i], i, j})
			i, j = i+1, j+1
		case i < len(a) && (j == len(b) || common[i+1][j] >= common[i][j+1]):
			steps = append(steps, step{'-', a[i], i, j})
			i++
		default:
			steps = append(steps, step{'+', b[j], i, j})
			j++
		}
	}
	near := func(n int) bool {
		for k := max(0, n-3); k <= min(len(steps)-1, n+3); k++ {
			if steps[k].mark != ' ' {
				return true
			}
		}
		return false
	}
	var out strings.Builder
	out.WriteString("--- \n+++ \n")
	for n := 0; n < len(steps); n++ {
		if !near(n) {
			continue
		}
		end := n
		for end < len(steps) && near(end) {
			end++
		}
		olds, news := 0, 0
		for _, s := range steps[n:end] {
			if s.mark != '+' {
				olds++
			}
			if s.mark != '-' {
				news++
			}
		}
		fmt.Fprintf(&out, "@@ -%d,%d +%d,%d @@\n", steps[n].i+1, olds, steps[n].j+1, news)
		for _, s := range steps[n:end] {
			fmt.Fprintf(&out, "%c%s\n", s.mark, s.text)
		}
		n = end
	}
	return out.String()
}
