package tools

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"recon/internal/twin/shell"
	"recon/internal/twin/world"
)

var timedatectlOptions = grammar{short: "p:a", long: []string{"property=p:", "value", "all=a", "no-pager", "version"}}

// timedatectl tells the clock and whether it follows one.
func (k *kit) timedatectl(_ context.Context, c *shell.Call) int {
	given, args, err := timedatectlOptions.parse(c.Args[1:])
	switch {
	case err != nil:
		return c.Fail(1, "%s", err)
	case given.has("version"):
		fmt.Fprintln(c.Stdout, systemdVersion)
		return 0
	}
	verb := "status"
	if len(args) > 0 {
		verb = args[0]
	}
	synced, service := false, false
	k.look(c, func(h *world.Host) {
		synced = h.Synced
		service = h.Running("chrony") || h.Running("systemd-timesyncd")
	})
	clock := systemdTime(now(c))
	switch verb {
	case "status":
		fmt.Fprintf(c.Stdout, "               Local time: %s\n           Universal time: %s\n                 RTC time: n/a\n                Time zone: Etc/UTC (UTC, +0000)\n"+
			"System clock synchronized: %s\n              NTP service: %s\n          RTC in local TZ: no\n", clock, clock, yesNo(synced), map[bool]string{true: "active", false: "n/a"}[service])
	case "show":
		var wanted []string
		for _, v := range given.values("p") {
			wanted = append(wanted, strings.Split(v, ",")...)
		}
		for _, p := range [][2]string{{"Timezone", "Etc/UTC"}, {"LocalRTC", "no"}, {"CanNTP", yesNo(service)}, {"NTP", yesNo(service)}, {"NTPSynchronized", yesNo(synced)}, {"TimeUSec", clock}} {
			switch {
			case len(wanted) > 0 && !slices.Contains(wanted, p[0]):
			case given.has("value"):
				fmt.Fprintln(c.Stdout, p[1])
			default:
				fmt.Fprintf(c.Stdout, "%s=%s\n", p[0], p[1])
			}
		}
	case "timesync-status":
		fmt.Fprintln(c.Stderr, "Failed to query server: The name org.freedesktop.timesync1 was not provided by any .service files")
		return 1
	case "set-time", "set-ntp", "set-timezone", "set-local-rtc":
		fmt.Fprintf(c.Stderr, "timedatectl: %s is not simulated\n", verb)
		return 1
	default:
		fmt.Fprintf(c.Stderr, "Unknown command verb '%s'.\n", verb)
		return 1
	}
	return 0
}
