package audit

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// bootID is the kernel's random id of this boot, or "unknown".
func bootID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(b))
}

// monotonic is nanoseconds since boot, sleep included: CLOCK_MONOTONIC stands still on Linux while a laptop sleeps, and
// every nap would look like a step of the wall clock.
func monotonic() (int64, error) {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return 0, err
	}
	return ts.Nano(), nil
}
