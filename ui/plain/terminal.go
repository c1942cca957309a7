package plain

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// maxLine is the most bytes of one typed line; more is refused, not cut.
const maxLine = 4096

// chooseHelp is what h says where a walk has not begun yet.
const chooseHelp = "a choice is given by its number or its words; q leaves, and nothing is begun; `--input NAME=VALUE` gives any value, also these letters"

// Lines is a terminal in its ordinary line mode.
type Lines struct {
	in  *os.File
	out io.Writer

	// want holds a token while a question wants a line, and reading is true from then until a line was taken.
	want    chan struct{}
	reading bool
	lines   chan string
	ended   chan error
	quit    chan struct{}
}

// Terminal reads lines from in. It is an error when in is not a terminal.
func Terminal(in *os.File, out io.Writer) (*Lines, error) {
	if !term.IsTerminal(int(in.Fd())) {
		return nil, ErrNoTerminal
	}
	t := &Lines{
		in: in, out: out, want: make(chan struct{}, 1), lines: make(chan string), ended: make(chan error, 1), quit: make(chan struct{}),
	}
	go t.read()
	return t, nil
}

// read is the one reader of the terminal, so that a question can be given up (an interrupt) without losing the next line.
// It reads only when a question wants a line: what is typed before stays in the terminal, where Ask throws it away.
func (t *Lines) read() {
	r := bufio.NewReaderSize(t.in, maxLine)
	for {
		select {
		case <-t.want:
		case <-t.quit:
			return
		}
		line, err := r.ReadString('\n')
		switch {
		case errors.Is(err, io.EOF):
			t.ended <- ErrLeft // ctrl-D at the beginning of a line: nothing more will be said
			return
		case err != nil:
			t.ended <- errors.Join(fmt.Errorf("the terminal is gone: %w", err), ErrLeft)
			return
		}
		if len(line) > maxLine {
			line = "" // longer than any answer; an empty line confirms nothing that changes
		}
		select {
		case t.lines <- strings.TrimRight(line, "\r\n"):
		case <-t.quit:
			return
		}
	}
}

// Ask shows the prompt and returns the next line that is typed after it. What was typed before the prompt was shown is
// thrown away: nothing is answered by keys that were pressed too early.
func (t *Lines) Ask(ctx context.Context, prompt string) (string, error) {
	if err := discard(int(t.in.Fd())); err != nil {
		return "", fmt.Errorf("the terminal cannot be asked: %w", err)
	}
	if t.reading {
		// A question was given up. Its line may have come meanwhile.
		select {
		case <-t.lines:
			t.reading = false
		default:
		}
	}
	if _, err := io.WriteString(t.out, prompt); err != nil {
		return "", err
	}
	if !t.reading {
		t.reading = true
		t.want <- struct{}{}
	}
	select {
	case line := <-t.lines:
		t.reading = false
		return line, nil
	case err := <-t.ended:
		t.ended <- err
		// What is said next does not stand behind the prompt. Where the terminal is gone nobody misses it.
		_, _ = io.WriteString(t.out, "\n")
		return "", err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// Write lets the caller print beside the questions.
func (t *Lines) Write(p []byte) (int, error) { return t.out.Write(p) }

// Offer is what may be answered at a moment. With no Choices any text will do; None is what is said of that where choices are
// expected, "" where they are not. Likely are those of the Choices that fit what is seen, where they are too many for a Default.
type Offer struct {
	Choices       []string
	Likely        []string
	Default, None string
}

// Choose asks, before a walk begins, until the answer is one of the choices (by number or by word); with no choices any text
// will do. What is offered is asked for again before each question, because the cluster may show more by then. Leaving, by a word
// or because the terminal or ctx ends, is ErrNotBegun.
func (t *Lines) Choose(ctx context.Context, question string, offered func() Offer) (string, error) {
	for last := (*Offer)(nil); ; {
		o := offered()
		if last == nil || !slices.Equal(o.Choices, last.Choices) || !slices.Equal(o.Likely, last.Likely) {
			if err := t.list(o); err != nil {
				return "", err
			}
		}
		last = &o
		prompt := question + " > "
		if o.Default != "" {
			prompt = question + " [" + o.Default + "] > "
		}
		line, err := t.Ask(ctx, prompt)
		switch {
		case errors.Is(err, ErrLeft), errors.Is(err, context.Canceled):
			return "", ErrNotBegun
		case err != nil:
			return "", err
		}
		line = strings.TrimSpace(line)
		switch {
		case slices.Contains(o.Choices, line):
		case line == "q" || line == "quit":
			return "", ErrNotBegun
		case line == "h" || line == "help" || line == "?":
			if _, err := fmt.Fprintln(t.out, chooseHelp); err != nil {
				return "", err
			}
			continue
		case line == "":
			line = o.Default
		}
		if n, err := strconv.Atoi(line); err == nil && n >= 1 && n <= len(o.Choices) {
			line = o.Choices[n-1]
		}
		if line != "" && (len(o.Choices) == 0 || slices.Contains(o.Choices, line)) {
			return line, nil
		}
		text := fmt.Sprintf("%q is not one of: %s", line, strings.Join(o.Choices, ", "))
		if line == "" {
			text = "an answer is needed; q leaves, and nothing is begun"
		}
		if _, err := fmt.Fprintln(t.out, text); err != nil {
			return "", err
		}
	}
}

// list prints the choices with their numbers, or why there are none.
func (t *Lines) list(o Offer) error {
	out := ""
	for i, c := range o.Choices {
		fits := ""
		if slices.Contains(o.Likely, c) {
			fits = "   (fits what is seen)"
		}
		out += fmt.Sprintf("  %d  %s%s\n", i+1, c, fits)
	}
	if out == "" && o.None != "" {
		out = "  " + o.None + "\n"
	}
	_, err := io.WriteString(t.out, out)
	return err
}

// Close stops the reader at its next line; the terminal itself stays as it is.
func (t *Lines) Close() { close(t.quit) }

// discard throws away what the terminal has taken in and nobody read.
func discard(fd int) error { return flush(fd, unix.TCIFLUSH) }
