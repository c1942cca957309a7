package shell

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
)

// batch is one -exec ... {} +.
type batch struct {
	args  []string
	names []string
}

// exec reads -exec COMMAND ; or {} +.
func (f *find) exec() (predicate, error) {
	end := -1
	for i, w := range f.words {
		if w == ";" || w == "+" && i > 0 && f.words[i-1] == "{}" {
			end = i
			break
		}
	}
	if end < 1 {
		return nil, fmt.Errorf("missing argument to '-exec'")
	}
	args, plus := slices.Clone(f.words[:end]), f.words[end] == "+"
	f.words = f.words[end+1:]
	if plus {
		b := &batch{args: args[:len(args)-1]}
		f.batches = append(f.batches, b)
		return func(e *found) bool {
			b.names = append(b.names, e.name)
			if len(b.names) >= 5000 {
				f.flush(b)
			}
			return true
		}, nil
	}
	return func(e *found) bool {
		run := make([]string, len(args))
		for i, a := range args {
			run[i] = strings.ReplaceAll(a, "{}", e.name)
		}
		return f.run(run) == 0
	}, nil
}

func (f *find) flush(b *batch) {
	if len(b.names) == 0 {
		return
	}
	if f.run(append(slices.Clone(b.args), b.names...)) != 0 {
		f.status = 1
	}
	b.names = nil
}

func (f *find) run(args []string) int {
	p, status := f.c.spawn(f.ctx, args)
	if p == nil {
		return f.c.Fail(status, "'%s': %s", args[0], Reason(syscall.ENOENT))
	}
	<-p.done
	return p.status
}
