package probes

import (
	"slices"
	"time"
)

// How disks are watched: a sample at most every sampleEvery, for as long as sampleFor; a rate needs samples over sampleLeast.
const (
	sampleEvery = 5 * time.Second
	sampleFor   = 10 * time.Minute
	sampleLeast = time.Minute
)

// What counts as filling: more than leastGrowth bytes while it was watched, and full within farthest at that rate. Less is
// the breathing of logs and checkpoints.
const (
	leastGrowth = 8 << 20
	farthest    = 30 * 24 * time.Hour
)

// diskKey is one file system of one node.
type diskKey struct{ node, mount string }

// sample is how much of a file system was used at a time.
type sample struct {
	at          time.Time
	size, usage int64
}

// sampled is the history after a State was seen. The maps and lists of earlier ones are left as they are.
func sampled(old map[diskKey][]sample, nodes []Node) map[diskKey][]sample {
	next := make(map[diskKey][]sample, len(old))
	for k, list := range old {
		next[k] = list
	}
	for _, n := range nodes {
		if n.Blind("disks") != "" {
			continue
		}
		for _, d := range n.Disks {
			k := diskKey{n.Name, d.Mount}
			list := next[k]
			if len(list) > 0 {
				switch last := list[len(list)-1]; {
				case n.Began.Sub(last.at) < sampleEvery:
					continue
				case last.size != d.Bytes:
					list = nil // another file system, or a larger one
				}
			}
			first := 0
			for first < len(list) && n.Began.Sub(list[first].at) > sampleFor {
				first++
			}
			next[k] = append(slices.Clone(list[first:]), sample{n.Began, d.Bytes, d.Bytes - d.Free})
		}
	}
	return next
}

// grow says how fast a file system fills, in bytes a second, and in how many seconds it is full at that rate. growth is nil
// when it was not watched for long enough, full is nil when it does not fill.
func grow(list []sample, free int64) (growth, full *float64) {
	if len(list) < 3 {
		return nil, nil
	}
	span := list[len(list)-1].at.Sub(list[0].at)
	if span < sampleLeast {
		return nil, nil
	}
	// Least squares, of distances from the first sample so that the numbers stay small.
	var sx, sy, sxx, sxy float64
	for _, s := range list {
		x, y := s.at.Sub(list[0].at).Seconds(), float64(s.usage-list[0].usage)
		sx, sy, sxx, sxy = sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	n := float64(len(list))
	rate := (n*sxy - sx*sy) / (n*sxx - sx*sx)
	if rate*span.Seconds() < leastGrowth {
		return &rate, nil
	}
	if left := float64(free) / rate; left < farthest.Seconds() {
		full = &left
	}
	return &rate, full
}

// grown are disks with their growth; the given ones stay as they are.
func grown(node string, disks []Disk, history map[diskKey][]sample) []Disk {
	out := slices.Clone(disks)
	for i := range out {
		out[i].Growth, out[i].FullIn = grow(history[diskKey{node, out[i].Mount}], out[i].Free)
	}
	return out
}
