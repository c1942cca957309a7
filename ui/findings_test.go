package ui

import (
	"testing"
	"time"

	"recon/probes/probestest"
)

// A finding is on the screen from the first look: with the time that it still has to hold, then since when it holds, then
// that it cannot be seen, and that it is over.
func TestAFindingFromTheFirstLook(t *testing.T) {
	at(t, 120, 36, probestest.Diverged(), func(d *desk) {
		d.shows("test-rejoin  in 5.0s")
		d.wait(2 * time.Second)
		d.shows("test-rejoin  in 3.0s")
		d.key("2")
		d.hides("SUGGESTED NOW")
		d.key("1", "tab", "enter")
		d.shows("Why it holds", "it is certain once it has held for 5.0s")
		d.key("esc")
		d.wait(3 * time.Second)
		d.see(probestest.Diverged())
		d.shows("test-rejoin  for ")
		blind := probestest.Diverged()
		blind.Patroni.Unseen = "no member answered"
		d.see(blind)
		d.shows("cannot be seen now: netbox-node-3 cannot", "test-rejoin  for ")
		d.key("enter")
		d.shows("seen until ", "cannot be seen now: ", "no member answered")
		d.key("esc")
		d.see(probestest.Healthy())
		d.shows("test-rejoin  over ")
		d.wait(11 * time.Second)
		d.see(probestest.Healthy())
		d.shows("no runbook applies")
	})
}
