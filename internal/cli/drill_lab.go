package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"recon/internal/drill"
	"recon/internal/fault"
	"recon/internal/lab"
)

// drillSocket is where, below /run of the lab's console host, the drill there reaches what breaks the lab.
const drillSocket = "recon-drill.sock"

// drillOnLab runs the drill on the lab's console host, where its keys and its network are, and breaks the lab from here.
func (a *app) drillOnLab(id string, o drillOptions) error {
	return a.inLab(o.lab, func(l *lab.Lab) error {
		socket, err := l.Listen(drillSocket)
		if err != nil {
			return err
		}
		served := make(chan struct{})
		go func() {
			defer close(served)
			drill.Serve(a.ctx, socket, onLab{l})
		}()
		argv := []string{"recon", "drill", "run", "--cluster", "/run/" + drillSocket}
		if o.plain {
			argv = append(argv, "--plain")
		}
		if id != "" {
			argv = append(argv, id)
		}
		code, err := l.Exec(a.ctx, "console", argv, lab.Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, term.IsTerminal(int(os.Stdin.Fd())))
		err = errors.Join(err, socket.Close())
		<-served
		if err == nil && code != 0 {
			return quiet(code)
		}
		return err
	})
}

// onLab is the lab as drills break it.
type onLab struct{ *lab.Lab }

// Break returns when the fault is there.
func (l onLab) Break(ctx context.Context, text string) (string, error) {
	call, err := fault.Parse(text)
	if err != nil {
		return "", err
	}
	var said bytes.Buffer
	err = l.Lab.Break(ctx, call.Fault.Name, call.Args, &said)
	return strings.ReplaceAll(strings.TrimSpace(said.String()), "\n", "; "), err
}

func (l onLab) Settled() bool { return true }

func (l onLab) Mend(ctx context.Context) error { return l.Lab.Mend(ctx, "", io.Discard) }

func (l onLab) Healthy(ctx context.Context) string {
	if err := l.Lab.Healthy(ctx); err != nil {
		return err.Error()
	}
	return ""
}

// Lost is not known: nobody writes in the lab but the operator and the canary.
func (l onLab) Lost() (int, bool) { return 0, false }
