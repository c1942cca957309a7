// Package endurance holds no code, only benchmarks of the console under load: many clusters, many endpoints that never
// answer. Each starts the console as a program of its own in a terminal of its own, presses keys, and measures how long the
// next frame takes, and what processor and memory the program uses:
//
//	go test -run '^$' -bench . -benchtime 1x -v ./internal/endurance
package endurance
