package audit

import "golang.org/x/sys/unix"

// bootID is the kernel's random id of this boot, or "unknown". (kern.boottime would not do: it moves when the clock is
// set.)
func bootID() string {
	id, err := unix.Sysctl("kern.bootsessionuuid")
	if err != nil || id == "" {
		return "unknown"
	}
	return id
}

// monotonic is nanoseconds since boot, sleep included, which is what CLOCK_MONOTONIC counts on macOS.
func monotonic() (int64, error) {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		return 0, err
	}
	return ts.Nano(), nil
}
