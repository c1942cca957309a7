package twin_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"recon/internal/twin"
	"recon/internal/twin/world"
)

// BenchmarkStart is a cluster from nothing to its end.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		t, err := twin.Start(twin.Options{Dir: b.TempDir(), Driven: true})
		if err != nil {
			b.Fatal(err)
		}
		if err := t.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTicks is a step of the clock of a healthy cluster.
func BenchmarkTicks(b *testing.B) {
	c := start(b, twin.Options{Driven: true})
	b.ResetTimer()
	for b.Loop() {
		c.twin.Advance(world.Step)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ticks/s")
}

// BenchmarkSize is what a cluster takes up once it has started, and after ten minutes of its time.
func BenchmarkSize(b *testing.B) {
	for _, nodes := range []int{3, 7} {
		b.Run(fmt.Sprint(nodes), func(b *testing.B) {
			heap, goroutines := size()
			var began, later uint64
			var running int
			for b.Loop() {
				t, err := twin.Start(twin.Options{Dir: b.TempDir(), Driven: true, Nodes: nodes})
				if err != nil {
					b.Fatal(err)
				}
				bytes, n := size()
				began, running = bytes-heap, n-goroutines
				t.Advance(10 * time.Minute)
				bytes, _ = size()
				later = bytes - heap
				if err := t.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(began), "bytes")
			b.ReportMetric(float64(later), "bytes-after-10m")
			b.ReportMetric(float64(running), "goroutines")
		})
	}
}

// size is what lies on the heap and how many goroutines there are.
func size() (heap uint64, goroutines int) {
	runtime.GC()
	runtime.GC() // what finalizers held
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc, runtime.NumGoroutine()
}
