package demo

import (
	"testing"
	"time"
)

// BenchmarkFirstFrame is the time from the start of the process to the first frame, and to a cluster that is seen healthy.
func BenchmarkFirstFrame(b *testing.B) {
	var frame, healthy time.Duration
	for range b.N {
		x := open(b, 120, 36, recon(b.TempDir(), "demo"))
		x.shows(20*time.Second, "[1 Cluster]")
		frame += time.Since(x.began)
		x.shows(20*time.Second, "1/9 A healthy cluster")
		healthy += time.Since(x.began)
		x.press("q")
		if err := x.end(10 * time.Second); err != nil {
			b.Error(err)
		}
	}
	b.ReportMetric(frame.Seconds()/float64(b.N), "s/frame")
	b.ReportMetric(healthy.Seconds()/float64(b.N), "s/healthy")
}
