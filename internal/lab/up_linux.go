package lab

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"sync"
	"time"
)

// Up brings the lab up: it builds the image and deploys the cluster unless both are cached, and returns when the cluster
// has a leader, a synchronous standby and a streaming replica. Whatever an interrupted Up left is cleaned first.
func (l *Lab) Up(ctx context.Context, o Options) error {
	unlock, err := l.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if err := means(); err != nil {
		return err
	}
	roles, err := rolesIn(o.Roles)
	if err != nil {
		return err
	}
	if r, found := l.readRecord(); found && r.Phase == "up" && l.anyUp() {
		return &Error{What: "the lab is up already", Hint: "`recon lab status` shows it, `recon lab down` ends it"}
	}
	p := l.progress(o.Progress)
	err = l.up(ctx, o, roles, p)
	if err != nil && ctx.Err() != nil {
		p.say("interrupted: taking the lab down")
		return errors.Join(err, l.down(context.WithoutCancel(ctx)))
	}
	return err
}

func (l *Lab) up(ctx context.Context, o Options, roles fs.FS, p *progress) error {
	if err := l.down(ctx); err != nil {
		return err
	}
	r := record{Phase: "starting", Bare: o.Bare, Since: time.Now().UTC()}
	if err := l.writeRecord(r); err != nil {
		return &Error{What: "state folder", Err: err}
	}
	if err := l.buildImage(ctx, o.Mirror, p); err != nil {
		return err
	}
	name, err := snapshotKey(roles)
	if err != nil {
		return &Error{What: "roles", Err: err}
	}
	snapshot := l.path("cache", "snapshot-"+name)
	_, missing := os.Stat(snapshot)
	switch {
	case o.Bare:
		if err := l.start(ctx, "", roles, o.Binary, !o.Inventory, p); err != nil {
			return err
		}
	case o.Fresh, missing != nil:
		if err := l.deploy(ctx, snapshot, roles, o, p); err != nil {
			return err
		}
		if err := l.dropOthers("snapshot-", name); err != nil {
			return err
		}
		fallthrough
	default:
		if err := l.start(ctx, snapshot, nil, o.Binary, false, p); err != nil {
			return err
		}
		p.say("waiting for the cluster")
		if err := l.waitHealthy(ctx, 3*time.Minute); err != nil {
			return err
		}
	}
	r.Phase = "up"
	if err := l.writeRecord(r); err != nil {
		return &Error{What: "state folder", Err: err}
	}
	p.say("the lab is up: `recon lab exec %s` is the operator's shell", consoleName)
	if o.Bare && !o.Inventory {
		p.say("there is no cluster yet; on the console: `recon inventory init --answers answers.yml`")
	}
	return nil
}

// start boots all guests; with roles they are fresh ones, otherwise they continue from the snapshot. With bare the console of
// fresh ones has no cluster file.
func (l *Lab) start(ctx context.Context, snapshot string, roles fs.FS, binary string, bare bool, p *progress) error {
	p.say("starting the hosts")
	if err := l.buildNetwork(ctx); err != nil {
		return err
	}
	for _, h := range plan() {
		if err := (guest{l, h}).tree(snapshot).mount(); err != nil {
			return &Error{What: "files of " + h.name, Err: err}
		}
	}
	if roles != nil {
		if err := l.prepare(roles, bare); err != nil {
			return err
		}
	}
	if err := l.giveBinary(binary); err != nil {
		return err
	}
	return l.each(plan(), func(g guest) error { return g.boot(ctx) })
}

// each does something to several guests at once and returns every error.
func (l *Lab) each(hosts []host, do func(guest) error) error {
	errs := make([]error, len(hosts))
	var all sync.WaitGroup
	for i, h := range hosts {
		all.Go(func() { errs[i] = do(guest{l, h}) })
	}
	all.Wait()
	return errors.Join(errs...)
}

func (l *Lab) anyUp() bool {
	for _, h := range plan() {
		if _, _, up := (guest{l, h}).pids(); up {
			return true
		}
	}
	return false
}

// rolesIn finds the Ansible tree.
func rolesIn(tree fs.FS) (fs.FS, error) {
	if tree == nil {
		return nil, &Error{What: "no roles were given to the lab"}
	}
	if _, err := fs.Stat(tree, "site.yml"); err == nil {
		return tree, nil
	}
	if _, err := fs.Stat(tree, "ansible/site.yml"); err != nil {
		return nil, &Error{What: "the roles hold no site.yml", Err: err}
	}
	return fs.Sub(tree, "ansible")
}
