package plain

import (
	"context"
	"errors"
	"slices"
	"strings"

	"recon/internal/walk"
)

// book walks another book as a part of this one, and comes back when it has ended or was left.
func (f *face) book(ctx context.Context, v walk.View) error {
	c := v.Next.Child
	what := "walk the book " + c.Book
	if c.Trail != "" {
		what = "go on with the book " + c.Book + ", where it was left"
	}
	if len(c.Inputs) > 0 {
		what += " (" + strings.Join(c.Inputs, ", ") + ")"
	}
	f.say("next: %s", what)
	line, err := f.answer(ctx, "[enter] walk it  skip REASON > ", "enter: walk it, with a trail of its own; this step is done when that walk is completed; skip REASON leaves the step out")
	if err != nil {
		return err
	}
	switch word, rest, _ := strings.Cut(line, " "); {
	case word == "skip":
		return f.told(f.walk.Skip(v.Current, rest))
	case line != "":
		f.say("nothing was begun: only Enter walks it")
		return nil
	}
	child, err := f.walk.Enter(v.Current)
	if err != nil || child == nil {
		return f.told(err)
	}
	inside := *f.Console
	inside.within = append(slices.Clone(f.within), v.Book.Title)
	ran := inside.Run(ctx, child)
	if err := child.Close("the operator left"); err != nil {
		return errors.Join(ran, err)
	}
	if ran != nil && !errors.Is(ran, errBack) {
		return ran
	}
	if err := f.walk.Return(v.Current); err != nil {
		return err
	}
	f.say("\nback in %s", strings.Join(append(slices.Clone(f.within), v.Book.Title), " › "))
	f.shown = -1
	return nil
}
