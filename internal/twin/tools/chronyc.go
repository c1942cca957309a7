package tools

import (
	"context"
	"fmt"
	"math"
	"time"

	"recon/internal/twin/shell"
	"recon/internal/twin/world"
)

// ntpServer is the time server of the cluster's network; it is outside of the world.
const ntpServer = "172.16.113.1"

// chronyc asks the host's chronyd, where the host has one.
func (k *kit) chronyc(_ context.Context, c *shell.Call) int {
	given, args, err := grammar{short: "nvcm", long: []string{"version=v"}}.parse(c.Args[1:])
	switch {
	case err != nil:
		return c.Fail(1, "%s", err)
	case given.has("c") || given.has("m"):
		return c.Fail(1, "the options -c and -m are not simulated")
	case given.has("v"):
		fmt.Fprintln(c.Stdout, "chronyc (chrony) version 4.6.1 (+READLINE +SECHASH +IPV6 -DEBUG)")
		return 0
	case len(args) == 0:
		return c.Fail(1, "without a command it is interactive, which is not simulated")
	}
	runs, synced := false, false
	var offset time.Duration
	k.look(c, func(h *world.Host) { runs, synced, offset = h.Running("chrony"), h.Synced, h.Offset })
	if !runs {
		fmt.Fprintln(c.Stdout, "506 Cannot talk to daemon")
		return 1
	}
	switch args[0] {
	case "sources":
		mark := "?"
		if synced {
			mark = "*"
		}
		fmt.Fprintf(c.Stdout, "MS Name/IP address         Stratum Poll Reach LastRx Last sample               \n"+
			"===============================================================================\n"+
			"^%s %-27s 2   6   377    21  %+6dus[%+6dus] +/-   12ms\n", mark, ntpServer, offset.Microseconds(), offset.Microseconds())
	case "tracking":
		tracking(c, synced, offset)
	default:
		fmt.Fprintln(c.Stdout, "Unrecognized command")
		return 1
	}
	return 0
}

func tracking(c *shell.Call, synced bool, offset time.Duration) {
	id, stratum, leap := "7F7F0101 ()", 0, "Not synchronised"
	if synced {
		id, stratum, leap = "AC107101 ("+ntpServer+")", 3, "Normal"
	}
	side := "slow"
	if offset > 0 {
		side = "fast"
	}
	fmt.Fprintf(c.Stdout, "Reference ID    : %s\nStratum         : %d\nRef time (UTC)  : %s\nSystem time     : %.9f seconds %s of NTP time\n"+
		"Last offset     : %+.9f seconds\nRMS offset      : 0.000021345 seconds\nFrequency       : 1.234 ppm slow\nResidual freq   : +0.001 ppm\nSkew            : 0.021 ppm\n"+
		"Root delay      : 0.001234567 seconds\nRoot dispersion : 0.000765432 seconds\nUpdate interval : 64.2 seconds\nLeap status     : %s\n",
		id, stratum, now(c).UTC().Format("Mon Jan 02 15:04:05 2006"), math.Abs(offset.Seconds()), side, offset.Seconds(), leap)
}
