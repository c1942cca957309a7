//go:build race

package drill

// raced says that the race detector is on, which makes everything some ten times slower: then two drills do.
const raced = true
