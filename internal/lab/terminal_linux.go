package lab

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"

	"golang.org/x/sys/unix"
)

// terminal is a pseudo terminal of a guest: its inner side has a name there, so `tty`, ssh and sudo find it.
type terminal struct {
	name          string
	master, slave *os.File
	// wake ends the copy of the input.
	wakeR, wakeW *os.File
	done         sync.WaitGroup
	output       chan struct{}
	restore      func()
}

func openTerminal(leader int) (*terminal, error) {
	pts := fmt.Sprintf("/proc/%d/root/dev/pts/", leader)
	fd, err := unix.Open(pts+"ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("ptmx: %w", err)
	}
	master := os.NewFile(uintptr(fd), "ptmx")
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return nil, errors.Join(fmt.Errorf("unlock: %w", err), master.Close())
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("number: %w", err), master.Close())
	}
	// We hold the inner side too: systemd opens and closes it several times, and each last close would look like the end.
	slave, err := unix.Open(fmt.Sprintf("%s%d", pts, n), unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("pts: %w", err), master.Close())
	}
	t := &terminal{name: fmt.Sprintf("/dev/pts/%d", n), master: master, slave: os.NewFile(uintptr(slave), "pts"), restore: func() {}}
	if t.wakeR, t.wakeW, err = os.Pipe(); err != nil {
		return nil, errors.Join(err, master.Close(), t.slave.Close())
	}
	return t, nil
}

// join copies between the caller's side and the guest's until drain.
func (t *terminal) join(std Stdio) error {
	in, _ := std.In.(*os.File)
	size := &unix.Winsize{Row: 24, Col: 80}
	if in != nil {
		if s, err := unix.IoctlGetWinsize(int(in.Fd()), unix.TIOCGWINSZ); err == nil {
			size = s
			if err := t.raw(in); err != nil {
				return err
			}
			t.follow(in)
		}
	}
	if err := unix.IoctlSetWinsize(int(t.master.Fd()), unix.TIOCSWINSZ, size); err != nil {
		return fmt.Errorf("window size: %w", err)
	}
	t.output = make(chan struct{})
	go func() {
		defer close(t.output)
		io.Copy(discard(std.Out), t.master)
	}()
	switch {
	case in != nil:
		t.done.Go(func() { t.copyIn(in) })
	case std.In != nil:
		// A plain reader cannot be interrupted; it ends with its source.
		go func() {
			io.Copy(t.master, std.In)
			t.master.Write([]byte{4})
		}()
	}
	return nil
}

// raw hands every key on as it is.
func (t *terminal) raw(in *os.File) error {
	fd := int(in.Fd())
	old, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return fmt.Errorf("terminal settings: %w", err)
	}
	now := *old
	now.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	now.Oflag &^= unix.OPOST
	now.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	now.Cflag = now.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8
	now.Cc[unix.VMIN], now.Cc[unix.VTIME] = 1, 0
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, &now); err != nil {
		return fmt.Errorf("raw terminal: %w", err)
	}
	t.restore = sync.OnceFunc(func() { unix.IoctlSetTermios(fd, unix.TCSETSF, old) })
	return nil
}

// follow passes changes of the window's size on.
func (t *terminal) follow(in *os.File) {
	changed := make(chan os.Signal, 1)
	signal.Notify(changed, unix.SIGWINCH)
	end := make(chan struct{})
	restore := t.restore
	t.restore = sync.OnceFunc(func() {
		signal.Stop(changed)
		close(end)
		restore()
	})
	t.done.Go(func() {
		for {
			select {
			case <-changed:
				if s, err := unix.IoctlGetWinsize(int(in.Fd()), unix.TIOCGWINSZ); err == nil {
					unix.IoctlSetWinsize(int(t.master.Fd()), unix.TIOCSWINSZ, s)
				}
			case <-end:
				return
			}
		}
	})
}

// copyIn reads keys until the other side is done. It polls, because a read of a terminal cannot be taken back and would
// swallow the first key after us.
func (t *terminal) copyIn(in *os.File) {
	buf := make([]byte, 4096)
	for {
		fds := []unix.PollFd{{Fd: int32(in.Fd()), Events: unix.POLLIN}, {Fd: int32(t.wakeR.Fd()), Events: unix.POLLIN}}
		if _, err := unix.Poll(fds, -1); errors.Is(err, unix.EINTR) {
			continue
		} else if err != nil || fds[1].Revents != 0 {
			return
		}
		n, err := unix.Read(int(in.Fd()), buf)
		if errors.Is(err, unix.EINTR) || errors.Is(err, unix.EAGAIN) {
			continue
		}
		if n <= 0 {
			t.master.Write([]byte{4}) // the end of the input, as a terminal says it
			return
		}
		if _, err := t.master.Write(buf[:n]); err != nil {
			return
		}
	}
}

// drain waits for the last output after the command ended.
func (t *terminal) drain() {
	t.slave.Close()
	if t.output != nil {
		<-t.output // the master reads EIO when the inner side is closed everywhere
	}
}

// close gives the caller's terminal back.
func (t *terminal) close() {
	t.wakeW.Close()
	t.restore()
	t.slave.Close()
	t.done.Wait()
	t.master.Close()
	t.wakeR.Close()
}
