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

// clickPrompt asks a question on standard input; without an answer the run is aborted, as click does.
func (p *patronictlCall) ask(question, usual string) (string, error) {
	if usual != "" {
		question += " [" + usual + "]"
	}
	fmt.Fprint(p.call.Stdout, question+": ")
	answer, err := p.answers.next()
	if err != nil {
		fmt.Fprintln(p.call.Stdout)
		return "", errAborted
	}
	return either(strings.TrimSpace(answer), usual), nil
}

var errAborted = saying("Aborted!")

// confirm asks for yes; no is the usual answer.
func (p *patronictlCall) confirm(question, aborted string) error {
	if p.force {
		return nil
	}
	answer, err := p.ask(question+" [y/N]", "")
	if err != nil {
		return err
	}
	if a := strings.ToLower(answer); a != "y" && a != "yes" {
		return errors.New(aborted)
	}
	return nil
}

func (p *patronictlCall) timestamp() string {
	return now(p.call).UTC().Format("2006-01-02 15:04:05.00000")
}

func (p *patronictlCall) warn(format string, args ...any) {
	fmt.Fprintf(p.call.Stderr, "%s - WARNING - %s\n", p.stamp(), fmt.Sprintf(format, args...))
}

func (p *patronictlCall) switchover(ctx context.Context, args []string) error {
	return p.change(ctx, "switchover", args)
}

func (p *patronictlCall) failover(ctx context.Context, args []string) error {
	return p.change(ctx, "failover", args)
}

// change is a switchover or a failover, with the questions that patronictl asks unless it is forced.
func (p *patronictlCall) change(ctx context.Context, action string, args []string) error {
	scope, err := p.scope(args)
	if err != nil {
		return err
	}
	c, err := p.read(ctx, scope)
	if err != nil {
		return err
	}
	fmt.Fprintln(p.call.Stdout, "Current cluster topology")
	p.printMembers(c, "pretty", false)
	leader := ""
	if action == "switchover" {
		if c.leader == "" {
			return saying("This cluster has no leader")
		}
		leader = p.given.value("leader")
		if leader == "" && p.force {
			leader = c.leader
		} else if leader == "" {
			if leader, err = p.ask("Primary", c.leader); err != nil {
				return err
			}
		}
		if leader != c.leader {
			return saying("Member %s is not the leader of cluster %s", leader, scope)
		}
	}
	candidate, err := p.candidate(c, action)
	if err != nil {
		return err
	}
	at, err := p.when(c, action)
	if err != nil {
		return err
	}
	demoting := ""
	if c.leader != "" {
		demoting = ", demoting current leader " + c.leader
	}
	question := fmt.Sprintf("Are you sure you want to %s cluster %s%s?", action, scope, demoting)
	aborted := "Aborting " + action
	if at != "" {
		question, aborted = fmt.Sprintf("Are you sure you want to schedule switchover of cluster %s at %s%s?", scope, at, demoting), "Aborting scheduled "+action
	}
	if err := p.confirm(question, aborted); err != nil {
		return err
	}
	body := map[string]any{"candidate": nil}
	if candidate != "" {
		body["candidate"] = candidate
	}
	if action == "switchover" {
		body["leader"] = leader
	}
	if at != "" {
		body["scheduled_at"] = at
	}
	return p.send(ctx, c, action, candidate, body)
}

func (p *patronictlCall) candidate(c *patroniCluster, action string) (string, error) {
	var names []string
	for _, m := range c.members {
		if m.name != c.leader && !m.tag("nofailover") {
			names = append(names, m.name)
		}
	}
	slices.Sort(names)
	if len(names) == 0 {
		return "", saying("No candidates found to %s to", action)
	}
	candidate := p.given.value("candidate")
	if candidate == "" && !p.force {
		var err error
		quoted := make([]string, len(names))
		for i, n := range names {
			quoted[i] = "'" + n + "'"
		}
		if candidate, err = p.ask("Candidate ["+strings.Join(quoted, ", ")+"] []", ""); err != nil {
			return "", err
		}
	}
	switch {
	case action == "failover" && candidate == "":
		return "", saying("Failover could be performed only to a specific candidate")
	case candidate == "" || slices.Contains(names, candidate):
	case candidate == c.leader:
		return "", saying("Member %s is already the leader of cluster %s", candidate, c.scope)
	default:
		return "", saying("Member %s does not exist in cluster %s or is tagged as nofailover", candidate, c.scope)
	}
	if !p.force && action == "failover" && len(c.sync) > 0 && !slices.Contains(c.sync, candidate) {
		if err := p.confirm("Are you sure you want to failover to the asynchronous node "+candidate+"?", "Aborting "+action); err != nil {
			return "", err
		}
	}
	return candidate, nil
}

// when is the time of a scheduled switchover, empty for now.
func (p *patronictlCall) when(c *patroniCluster, action string) (string, error) {
	if action != "switchover" {
		return "", nil
	}
	at := p.given.value("scheduled")
	if at == "" && !p.force {
		var err error
		if at, err = p.ask("When should the switchover take place (e.g. "+now(p.call).UTC().Add(time.Hour).Format("2006-01-02T15:04")+" ) ", "now"); err != nil {
			return "", err
		}
	}
	at, err := p.scheduled(at)
	if err == nil && at != "" && c.paused() {
		return "", saying("Can't schedule switchover in the paused state")
	}
	return at, err
}

// scheduled reads a time; one without a zone is in UTC, the hosts' own. now is an empty text.
func (p *patronictlCall) scheduled(s string) (string, error) {
	if s == "" || s == "now" {
		return "", nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04Z07:00", "2006-01-02 15:04:05Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			return strings.Replace(t.Format("2006-01-02T15:04:05-07:00"), "Z", "+00:00", 1), nil
		}
	}
	return "", saying("Unable to parse scheduled timestamp (%s). It should be in an unambiguous format (e.g. ISO 8601)", s)
}

// send asks the leader, or the candidate where there is none.
func (p *patronictlCall) send(ctx context.Context, c *patroniCluster, action, candidate string, body map[string]any) error {
	m := c.member(c.leader)
	if m == nil {
		m = c.member(candidate)
	}
	status, text, err := 0, "", errors.New("no member")
	if m != nil {
		status, text, err = p.request(ctx, m, http.MethodPost, action, body)
	}
	switch {
	case err != nil:
		p.warn("Failing over to DCS")
		fmt.Fprintf(p.call.Stdout, "%s Could not %s using Patroni api, falling back to DCS\n", p.timestamp(), action)
		if err := p.throughStore(ctx, c, body); err != nil {
			return err
		}
	case status == http.StatusOK || status == http.StatusAccepted:
		fmt.Fprintf(p.call.Stdout, "%s %s\n", p.timestamp(), text)
		again, err := p.read(ctx, c.scope)
		if err != nil {
			return err
		}
		c = again
	default:
		fmt.Fprintf(p.call.Stdout, "%s failed, details: %d, %s\n", title(action), status, text)
		return nil
	}
	p.printMembers(c, "pretty", false)
	return nil
}

// throughStore writes the failover key itself.
func (p *patronictlCall) throughStore(ctx context.Context, c *patroniCluster, body map[string]any) error {
	v := map[string]any{}
	for from, to := range map[string]string{"leader": "leader", "candidate": "member", "scheduled_at": "scheduled_at"} {
		if body[from] != nil {
			v[to] = body[from]
		}
	}
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return p.store(ctx, func(ctx context.Context, s *storeClient) error {
		_, err := s.Put(ctx, p.prefix(c.scope)+"failover", string(b))
		return err
	})
}

func (p *patronictlCall) pause(ctx context.Context, args []string) error {
	return p.toggle(ctx, args, true)
}

func (p *patronictlCall) resume(ctx context.Context, args []string) error {
	return p.toggle(ctx, args, false)
}

// toggle begins or ends the maintenance mode.
func (p *patronictlCall) toggle(ctx context.Context, args []string, on bool) error {
	scope, err := p.scope(args)
	if err != nil {
		return err
	}
	c, err := p.read(ctx, scope)
	if err != nil {
		return err
	}
	verb, now := "resume", "resumed"
	if on {
		verb, now = "pause", "paused"
	}
	if c.paused() == on {
		return saying("Cluster is %s paused", map[bool]string{true: "already", false: "not"}[on])
	}
	var value any
	if on {
		value = true
	}
	for _, m := range c.leaderFirst() {
		status, text, err := p.request(ctx, m, http.MethodPatch, "config", map[string]any{"pause": value})
		if err != nil {
			p.warn("%s", err)
			p.warn("Member %s is not accessible", m.name)
			continue
		}
		switch {
		case status != http.StatusOK:
			fmt.Fprintf(p.call.Stdout, "Failed: %s cluster management status code=%d, (%s)\n", verb, status, text)
		case p.given.has("wait"):
			return p.waitPause(ctx, scope, on, verb, now)
		default:
			fmt.Fprintf(p.call.Stdout, "Success: cluster management is %s\n", now)
		}
		return nil
	}
	return saying("Can not find accessible cluster member")
}

// waitPause waits until every member knows, loop_wait and a second at most.
func (p *patronictlCall) waitPause(ctx context.Context, scope string, on bool, verb, done string) error {
	fmt.Fprintf(p.call.Stdout, "'%s' request sent, waiting until it is recognized by all nodes\n", verb)
	for range 11 {
		c, err := p.read(ctx, scope)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(c.members, func(m *patroniMember) bool { return m.Pause != on }) {
			break
		}
		if err := sleep(ctx, p.call, time.Second); err != nil {
			return err
		}
	}
	fmt.Fprintf(p.call.Stdout, "Success: cluster management is %s\n", done)
	return nil
}
