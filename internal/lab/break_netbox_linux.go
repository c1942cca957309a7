package lab

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"recon/internal/fault"
)

func netboxRecipes() map[string]recipe {
	return map[string]recipe{
		fault.NetBoxDead: {killNetBox, starts("netbox")},
		fault.WorkerDead: {killWorkers, starts("netbox-rq")},
	}
}

func killNetBox(ctx context.Context, s *scene) error {
	chosen, err := s.every()
	if err != nil {
		return err
	}
	if err := s.each(chosen, func(g guest) error { return g.kill(ctx, "netbox") }); err != nil {
		return err
	}
	s.say("killed NetBox on %s; its unit stays stopped", strings.Join(s.hosts, ", "))
	return s.await(ctx, 20*time.Second, "the proxy to answer 502", func(ctx context.Context) error {
		return s.each(chosen, func(g guest) error {
			code, err := g.sh(ctx, `curl --silent --insecure --output /dev/null --write-out '%{http_code}' --max-time 5 "https://$1/login/"`, g.address)
			if err == nil && code != "502" {
				err = fmt.Errorf("the proxy of %s answers %s", g.name, code)
			}
			return err
		})
	})
}

func killWorkers(ctx context.Context, s *scene) error {
	if err := s.mark(hostNames(nodes())...); err != nil {
		return err
	}
	if err := s.each(nodes(), func(g guest) error { return g.kill(ctx, "netbox-rq") }); err != nil {
		return err
	}
	// A connection of the dead that has not ended yet may take a job with it: another one is left then.
	err := s.await(ctx, 20*time.Second, "a job that nobody takes", func(ctx context.Context) error {
		if _, err := (guest{s.Lab, nodes()[0]}).sh(ctx, `
cd /opt/netbox/netbox
runuser -u netbox -- python3 -c 'import rq, standin; rq.Queue("default", connection=standin.TASKS).enqueue("standin.housekeeping")'`); err != nil {
			return err
		}
		master, err := s.redisMaster(ctx)
		if err != nil {
			return err
		}
		out, err := (guest{s.Lab, host{name: master}}).redis(ctx, "-n", "0", "LLEN", "rq:queue:default")
		if err == nil && out == "0" {
			err = errors.New("the queue is empty")
		}
		return err
	})
	if err != nil {
		return err
	}
	s.say("killed the workers on every node, and left a job that nobody takes")
	return nil
}
