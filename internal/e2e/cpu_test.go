//go:build lab

package e2e

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// selfCPU is the processor time that this process has used.
func selfCPU(b *testing.B) time.Duration {
	b.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
