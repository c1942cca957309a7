package tools

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// chosen are the members of the arguments and of --role, after the question whether that is meant.
func (p *patronictlCall) chosen(ctx context.Context, args []string, action, role string, ask bool) (*patroniCluster, []*patroniMember, error) {
	if len(args) == 0 {
		return nil, nil, wrongUse("Missing argument 'CLUSTER_NAME'.")
	}
	c, err := p.read(ctx, args[0])
	if err != nil {
		return nil, nil, err
	}
	fits := func(m *patroniMember) bool {
		switch role {
		case "leader", "primary":
			return m.name == c.leader
		case "replica", "standby":
			return m.name != c.leader
		}
		return true
	}
	var members []*patroniMember
	for _, m := range c.members {
		if fits(m) {
			members = append(members, m)
		}
	}
	if len(members) == 0 && (!p.force || role != "") {
		return nil, nil, fmt.Errorf("%s cluster doesn't have any members", args[0])
	}
	if !p.force || role != "" {
		p.printMembers(c, "pretty", false)
	}
	names := args[1:]
	if len(names) > 0 {
		members = slices.DeleteFunc(members, func(m *patroniMember) bool { return !slices.Contains(names, m.name) })
		if len(members) == 0 {
			return nil, nil, saying("No %s among provided members", either(role, "any"))
		}
	} else if action == "reinitialize" {
		if p.force {
			return c, nil, nil
		}
		all := make([]string, len(members))
		for i, m := range members {
			all[i] = m.name
		}
		name, err := p.ask(fmt.Sprintf("Which member do you want to %s [%s]?", action, strings.Join(all, ", ")), "")
		if err != nil {
			return nil, nil, err
		}
		if !slices.Contains(all, name) {
			return nil, nil, fmt.Errorf("%s is not a member of cluster", name)
		}
		members = slices.DeleteFunc(members, func(m *patroniMember) bool { return m.name != name })
	}
	if ask {
		err = p.sure(members, action)
	}
	return c, members, err
}

func (p *patronictlCall) sure(members []*patroniMember, action string) error {
	names := make([]string, len(members))
	for i, m := range members {
		names[i] = m.name
	}
	return p.confirm(fmt.Sprintf("Are you sure you want to %s members %s?", action, strings.Join(names, ", ")), "Aborted "+action)
}

func (p *patronictlCall) restart(ctx context.Context, args []string) error {
	for _, flag := range []string{"any", "pg-version"} {
		if p.given.has(flag) {
			return fmt.Errorf("patronictl restart --%s is not simulated", flag)
		}
	}
	_, members, err := p.chosen(ctx, args, "restart", p.given.value("r"), false)
	if err != nil {
		return err
	}
	at := p.given.value("scheduled")
	if at == "" && !p.force {
		if at, err = p.ask("When should the restart take place (e.g. "+now(p.call).UTC().Add(time.Hour).Format("2006-01-02T15:04")+") ", "now"); err != nil {
			return err
		}
	}
	if at, err = p.scheduled(at); err != nil {
		return err
	}
	if at != "" {
		return errors.New("a scheduled restart is not simulated")
	}
	body := map[string]any{}
	if p.given.has("pending") {
		body["restart_pending"] = true
		members = slices.DeleteFunc(members, func(m *patroniMember) bool { return !m.Pending })
	}
	if err := p.sure(members, "restart"); err != nil {
		return err
	}
	if !p.force {
		if _, err := p.ask("Restart if the PostgreSQL version is less than provided (e.g. 9.5.2)  []", ""); err != nil {
			return err
		}
	}
	if p.given.has("timeout") {
		body["timeout"] = p.given.value("timeout")
	}
	for _, m := range members {
		status, text, err := p.request(ctx, m, http.MethodPost, "restart", body)
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", m.name, err)
		case status == http.StatusOK:
			fmt.Fprintf(p.call.Stdout, "Success: restart on member %s\n", m.name)
		case status == http.StatusAccepted:
			fmt.Fprintf(p.call.Stdout, "Success: restart scheduled on member %s\n", m.name)
		case status == http.StatusConflict:
			fmt.Fprintf(p.call.Stdout, "Failed: another restart is already scheduled on member %s\n", m.name)
		default:
			fmt.Fprintf(p.call.Stdout, "Failed: restart for member %s, status code=%d, (%s)\n", m.name, status, text)
		}
	}
	return nil
}

func (p *patronictlCall) reload(ctx context.Context, args []string) error {
	c, members, err := p.chosen(ctx, args, "reload", p.given.value("r"), true)
	if err != nil {
		return err
	}
	for _, m := range members {
		status, text, err := p.request(ctx, m, http.MethodPost, "reload", nil)
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", m.name, err)
		case status == http.StatusOK:
			fmt.Fprintf(p.call.Stdout, "No changes to apply on member %s\n", m.name)
		case status == http.StatusAccepted:
			wait := any(10)
			if w, ok := c.config["loop_wait"]; ok {
				wait = w
			}
			fmt.Fprintf(p.call.Stdout, "Reload request received for member %s and will be processed within %v seconds\n", m.name, wait)
		default:
			fmt.Fprintf(p.call.Stdout, "Failed: reload for member %s, status code=%d, (%s)\n", m.name, status, text)
		}
	}
	return nil
}

func (p *patronictlCall) reinit(ctx context.Context, args []string) error {
	_, members, err := p.chosen(ctx, args, "reinitialize", "replica", true)
	if err != nil {
		return err
	}
	for _, m := range members {
		status, text, err := p.request(ctx, m, http.MethodPost, "reinitialize", map[string]any{"force": p.force})
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", m.name, err)
		case status != http.StatusOK:
			fmt.Fprintf(p.call.Stdout, "Failed: reinitialize for member %s, status code=%d, (%s)\n", m.name, status, text)
			continue
		}
		fmt.Fprintf(p.call.Stdout, "Success: reinitialize for member %s\n", m.name)
		if p.given.has("wait") {
			if err := p.waitCopied(ctx, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// waitCopied waits until a member has its copy.
func (p *patronictlCall) waitCopied(ctx context.Context, m *patroniMember) error {
	fmt.Fprintf(p.call.Stdout, "Waiting for reinitialize to complete on: %s\n", m.name)
	for {
		if err := sleep(ctx, p.call, 2*time.Second); err != nil {
			return err
		}
		_, text, err := p.request(ctx, m, http.MethodGet, "patroni", nil)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		var v struct {
			State string `json:"state"`
		}
		if json.Unmarshal([]byte(text), &v) == nil && v.State != "creating replica" {
			fmt.Fprintf(p.call.Stdout, "Reinitialize is completed on: %s\n", m.name)
			return nil
		}
	}
}

func (p *patronictlCall) flush(ctx context.Context, args []string) error {
	if len(args) < 2 {
		return wrongUse("Missing argument '{restart|switchover}'.")
	}
	target := args[len(args)-1]
	args = args[:len(args)-1]
	switch target {
	case "restart":
		_, members, err := p.chosen(ctx, args, "flush", p.given.value("r"), true)
		if err != nil {
			return err
		}
		for _, m := range members {
			if m.Schedule == nil {
				fmt.Fprintf(p.call.Stdout, "No scheduled restart for member %s\n", m.name)
				continue
			}
			status, text, err := p.request(ctx, m, http.MethodDelete, "restart", nil)
			if err != nil {
				return err
			}
			if status == http.StatusOK {
				fmt.Fprintf(p.call.Stdout, "Success: flush scheduled restart for member %s\n", m.name)
			} else {
				fmt.Fprintf(p.call.Stdout, "Failed: flush scheduled restart for member %s, status code=%d, (%s)\n", m.name, status, text)
			}
		}
		return nil
	case "switchover":
		return p.flushSwitchover(ctx, args[0])
	}
	return wrongUse(fmt.Sprintf("Invalid value for '{restart|switchover}': '%s' is not one of 'restart', 'switchover'.", target))
}

func (p *patronictlCall) flushSwitchover(ctx context.Context, scope string) error {
	c, err := p.read(ctx, scope)
	if err != nil {
		return err
	}
	if at, ok := c.failover["scheduled_at"].(string); !ok || at == "" {
		fmt.Fprintln(p.call.Stdout, "No pending scheduled switchover")
		return nil
	}
	for _, m := range c.leaderFirst() {
		status, text, err := p.request(ctx, m, http.MethodDelete, "switchover", nil)
		switch {
		case err != nil:
			p.warn("%s", err)
			p.warn("Member %s is not accessible", m.name)
		case status == http.StatusOK || status == http.StatusNotFound:
			fmt.Fprintf(p.call.Stdout, "%s: %s\n", map[bool]string{true: "Success", false: "Failed"}[status == http.StatusOK], text)
			return nil
		default:
			fmt.Fprintf(p.call.Stdout, "Failed: member=%s, status_code=%d, (%s)\n", m.name, status, text)
		}
	}
	p.warn("Failing over to DCS")
	fmt.Fprintf(p.call.Stdout, "%s Could not find any accessible member of cluster %s\n", p.timestamp(), scope)
	return nil
}

func (p *patronictlCall) version(ctx context.Context, args []string) error {
	fmt.Fprintf(p.call.Stdout, "patronictl version %s\n", patroniVersion)
	if len(args) == 0 {
		return nil
	}
	fmt.Fprintln(p.call.Stdout)
	c, err := p.read(ctx, args[0])
	if err != nil {
		return err
	}
	for _, m := range c.members {
		if len(args) > 1 && !slices.Contains(args[1:], m.name) {
			continue
		}
		_, text, err := p.request(ctx, m, http.MethodGet, "patroni", nil)
		if err != nil {
			fmt.Fprintf(p.call.Stdout, "%s: failed to get version: %s\n", m.name, err)
			continue
		}
		var v struct {
			Server  int `json:"server_version"`
			Patroni struct {
				Version string `json:"version"`
			} `json:"patroni"`
		}
		_ = json.Unmarshal([]byte(text), &v) // what is missing is left out
		database := ""
		if v.Server > 0 {
			database = fmt.Sprintf(" PostgreSQL %d.%d", v.Server/10000, v.Server%10000)
		}
		fmt.Fprintf(p.call.Stdout, "%s: Patroni %s%s\n", m.name, v.Patroni.Version, database)
	}
	return nil
}
