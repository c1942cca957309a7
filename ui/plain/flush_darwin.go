package plain

import "golang.org/x/sys/unix"

// flush asks for the read queue: TIOCFLUSH takes FREAD (1) by pointer.
func flush(fd, _ int) error { return unix.IoctlSetPointerInt(fd, unix.TIOCFLUSH, 1) }
