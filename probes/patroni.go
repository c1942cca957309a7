package probes

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// patroniFacts is what one agent answered.
type patroniFacts struct {
	report  report
	primary bool // GET /primary answered 200
	// asked is the host's own clock when it answered, zero when it did not say; dcs_last_seen is measured by that clock.
	asked time.Time
	// view, history and config are nil when the agent did not give them; whyNot says why, by path.
	view    *view
	history []Switch
	config  *Config
	whyNot  map[string]string
}

// patience is how long the questions may take that an agent answers only with etcd's help.
const patience = 2 * time.Second

// patroniProbe asks one agent over its REST API. All its questions are GETs, at the same time and on connections of their
// own, because Patroni closes a connection after each answer.
type patroniProbe struct{ rest *rest }

func (p *patroniProbe) close() { p.rest.close() }

func (p *patroniProbe) ask(ctx context.Context) (patroniFacts, error) {
	p.rest.dialer.reset()
	paths := []string{"/patroni", "/primary", "/cluster", "/history", "/config"}
	replies := make([]reply, len(paths))
	errs := make([]error, len(paths))
	var all sync.WaitGroup
	// /cluster asks etcd and may hang as long as etcd does; the agent's own word must not wait for that.
	soon, cancel := within(ctx, patience)
	defer cancel()
	for i, path := range paths {
		ctx := ctx
		if i >= 2 {
			ctx = soon
		}
		all.Go(func() { replies[i], errs[i] = p.rest.get(ctx, path) })
	}
	all.Wait()

	f := patroniFacts{whyNot: map[string]string{}}
	if err := errors.Join(errs[0], errs[1]); err != nil {
		return f, p.rest.dialer.cause(first(errs[0], errs[1]))
	}
	if s := replies[0].status; s != http.StatusOK {
		return f, fmt.Errorf("GET /patroni: answered with status %d, expected 200", s)
	}
	var err error
	if f.report, err = parseReport(replies[0].body); err != nil {
		return f, err
	}
	// Only the status of /primary proves the lock, and only these two are Patroni's.
	switch s := replies[1].status; s {
	case http.StatusOK:
		f.primary = true
	case http.StatusServiceUnavailable:
	default:
		return f, fmt.Errorf("GET /primary: answered with status %d, expected 200 or 503", s)
	}
	f.asked = replies[0].date
	optional := func(i int, parse func(body []byte) error) {
		err := errs[i]
		switch {
		case err != nil:
		case replies[i].status != http.StatusOK:
			err = fmt.Errorf("GET %s: answered with status %d", paths[i], replies[i].status)
		default:
			err = parse(replies[i].body)
		}
		if err != nil {
			f.whyNot[paths[i]] = words(err, patience)
		}
	}
	optional(2, func(b []byte) error {
		v, err := parseView(b)
		if err == nil {
			f.view = &v
		}
		return err
	})
	optional(3, func(b []byte) (err error) { f.history, err = parseHistory(b); return err })
	optional(4, func(b []byte) (err error) { f.config, err = parseConfig(b); return err })
	return f, nil
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
