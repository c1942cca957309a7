package audit

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// errHeld is a lock that somebody else holds.
var errHeld = errors.New("another console holds the lock")

// lock takes the one writer's lock on an open trail. A reader that asks whether a trail is held takes a shared lock for
// some microseconds, so a refusal counts only after a fifth of a second of asking.
func lock(f file) error {
	for try := 0; ; try++ {
		err := flock(f.Fd(), unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, errHeld) || try == 20 {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// held says whether a console holds the trail at path now.
func held(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close() // it was only read; closing releases the shared lock
	err = flock(f.Fd(), unix.LOCK_SH|unix.LOCK_NB)
	if errors.Is(err, errHeld) {
		return true, nil
	}
	return false, err
}

func flock(fd uintptr, how int) error {
	for {
		switch err := unix.Flock(int(fd), how); {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EWOULDBLOCK):
			return errHeld
		default:
			return err
		}
	}
}
