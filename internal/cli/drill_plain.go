package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"recon/internal/audit"
	"recon/internal/drill"
	"recon/internal/walk"
	"recon/ui/plain"
)

// linedDrill is a drill in the line mode: what happens is said when it happens, and what is typed is done.
type linedDrill struct {
	*app
	session *session
	room    *drill.Room
	lines   *plain.Lines
	begun   chan struct{} // closed when the clock runs, or never will
}

const drillHelp = "h hint   g goal   s story   d BOOK name the book   w BOOK walk it   x give up   q leave"

func (a *app) drillPlain(s *session, room *drill.Room) error {
	if err := s.prompts(a.ctx); err != nil {
		return err
	}
	lines, err := plain.Terminal(a.in, a.out)
	if err != nil {
		return err
	}
	defer lines.Close()
	s.start(a.ctx)
	d := &linedDrill{app: a, session: s, room: room, lines: lines, begun: make(chan struct{})}
	ctx, stop := context.WithCancel(a.ctx)
	told := make(chan struct{})
	go func() {
		defer close(told)
		d.follow(ctx, stop)
	}()
	err = d.talk(ctx)
	stop()
	<-told
	if v, ok := room.View(); ok && v.Phase.Over() || plain.Left(err) {
		return nil
	}
	return err
}

// follow says how far the session is, and calls over when it has ended.
func (d *linedDrill) follow(ctx context.Context, over func()) {
	was := drill.View{Phase: drill.Preparing}
	d.room.Subscribe(ctx, func(v drill.View) {
		switch {
		case v.Phase == drill.Preparing && v.Doing != was.Doing:
			fmt.Fprintln(d.lines, v.Doing)
		case v.Phase == drill.Running && was.Phase != drill.Running:
			fmt.Fprintf(d.lines, "\n%s\n\n%s\n\nA trained operator needs %s. The clock runs.\n%s\n", v.Title, strings.TrimSpace(v.Story), drill.Clock(v.Par), drillHelp)
		case v.Phase.Over() && !was.Phase.Over():
			fmt.Fprintf(d.lines, "\n%s\n", v.Phase)
			over()
		}
		if v.Phase != drill.Preparing && was.Phase == drill.Preparing {
			close(d.begun)
		}
		was = v
	})
}

// talk takes commands until the session is over or the operator leaves.
func (d *linedDrill) talk(ctx context.Context) error {
	select {
	case <-d.begun:
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		line, err := d.lines.Ask(ctx, "drill > ")
		if err != nil {
			return err
		}
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if words[0] == "q" {
			return nil
		}
		// What one command could not do is said, and the drill goes on.
		if err := d.do(ctx, words[0], strings.Join(words[1:], " ")); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			fmt.Fprintln(d.lines, "!", err)
		}
	}
}

func (d *linedDrill) do(ctx context.Context, command, rest string) error {
	v, _ := d.room.View()
	switch command {
	case "h":
		if err := d.room.Hint(); err != nil {
			return err
		}
		v, _ = d.room.View()
		fmt.Fprintln(d.lines, strings.Join(strings.Fields(v.Hints[len(v.Hints)-1]), " "))
	case "g":
		fmt.Fprintf(d.lines, "%s of %s\n", drill.Clock(v.Elapsed(time.Now())), drill.Clock(v.Par))
		for _, l := range v.Goal {
			what := l.Explain
			if what == "" {
				what = l.Text
			}
			fmt.Fprintf(d.lines, "%-7s %s\n", l.Answer, what)
		}
	case "s":
		fmt.Fprintf(d.lines, "%s\n\n%s\n", v.Title, strings.TrimSpace(v.Story))
	case "d":
		right, err := d.room.Diagnose(rest)
		if err != nil {
			return err
		}
		fmt.Fprintln(d.lines, map[bool]string{true: "yes: " + rest + " is the book", false: "no: " + rest + " is not the book"}[right])
	case "w":
		return d.walk(d.ctx, rest) // the end of the drill does not cut it off
	case "x":
		return d.room.GiveUp()
	default:
		fmt.Fprintln(d.lines, drillHelp)
	}
	return nil
}

// walk leads a walk to its end, or until the operator leaves it; the drill goes on meanwhile.
func (d *linedDrill) walk(ctx context.Context, id string) error {
	lib, err := d.loadLibrary(d.session.cluster)
	if err != nil {
		return err
	}
	book, err := pick(lib, id)
	if err != nil {
		return err
	}
	inputs := map[string]string{}
	if err := askInputs(ctx, d.lines, book, inputs, d.session.watch.State); err != nil {
		return err
	}
	w, err := walk.Start(d.session.config(lib), book, inputs, false)
	if err != nil {
		return err
	}
	console := plain.Console{Out: d.lines, Ask: d.lines.Ask, Eyes: d.session.watch}
	err = console.Run(ctx, w)
	err = errors.Join(err, w.Close("the operator left"))
	fmt.Fprintf(d.lines, "trail %s  head %s\n", w.Trail(), audit.Short(w.Head()))
	if plain.Left(err) {
		return nil
	}
	return err
}
