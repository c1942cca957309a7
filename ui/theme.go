package ui

// Theme is how things look.
type Theme struct{}
