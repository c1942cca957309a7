//go:build race

package rehearsal

// raced says that the race detector is on, which makes everything some ten times slower: then a few books of each kind do.
const raced = true
