package world

import "fmt"

// words is an error in the words of the program that it is from: with its capitals and full stops.
func words(format string, args ...any) error { return fmt.Errorf(format, args...) }
