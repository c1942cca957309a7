package scrub

import "unicode/utf8"

// sequenceLimit is how many bytes an escape sequence may have before it is taken for a broken one.
const sequenceLimit = 4096

// state is where the cleaner stands in an escape sequence, after ECMA-48 and what xterm makes of it.
type state uint8

const (
	ground       state = iota
	escape             // after ESC
	intermediate       // after ESC and 0x20 to 0x2F: a charset or a setting, one more byte ends it
	control            // CSI: parameters up to a byte of 0x40 to 0x7E
	stringText         // OSC, DCS, APC, PM, SOS: up to ST, BEL, CAN, SUB, or the end of the line
)

const (
	bel = 0x07
	can = 0x18
	sub = 0x1a
	esc = 0x1b
	del = 0x7f
)

// cleaner takes control sequences out of a stream. The zero value is ready.
type cleaner struct {
	state state
	// inside counts the bytes since the sequence began.
	inside int
	// part is the beginning of a UTF-8 sequence whose rest has not come yet.
	part    [utf8.UTFMax]byte
	partLen int
	// written is true when something stands on the current line: a carriage return at its beginning moves nothing.
	written bool
	// returned is a carriage return that may still become part of "\r\n"; ended is one that flush already wrote as a
	// newline, so that a "\n" right after it is not a second one.
	returned, ended bool
}

// feed appends the clean form of p to dst.
func (c *cleaner) feed(dst, p []byte) []byte {
	if c.partLen > 0 {
		dst, p = c.join(dst, p)
	}
	for len(p) > 0 {
		if c.state == ground && !c.returned {
			n := 0
			for n < len(p) && p[n] >= ' ' && p[n] <= '~' {
				n++
			}
			if n > 0 {
				dst, p = append(dst, p[:n]...), p[n:]
				c.written, c.ended = true, false
				continue
			}
		}
		if p[0] < utf8.RuneSelf {
			dst, p = c.rune(dst, rune(p[0]), 1), p[1:]
			continue
		}
		if !utf8.FullRune(p) {
			c.partLen = copy(c.part[:], p)
			return dst
		}
		r, n := utf8.DecodeRune(p)
		dst, p = c.rune(dst, r, n), p[n:]
	}
	return dst
}

// join completes the UTF-8 sequence that the last feed ended in, and returns what is left of p.
func (c *cleaner) join(dst, p []byte) ([]byte, []byte) {
	var both [2 * utf8.UTFMax]byte
	kept := copy(both[:], c.part[:c.partLen])
	end := kept + copy(both[kept:], p)
	at := 0
	for at < kept {
		if !utf8.FullRune(both[at:end]) {
			// p is too short to complete it.
			c.partLen = copy(c.part[:], both[at:end])
			return dst, nil
		}
		r, n := utf8.DecodeRune(both[at:end])
		dst = c.rune(dst, r, n)
		at += n
	}
	c.partLen = 0
	return dst, p[at-kept:]
}

// flush writes a carriage return that waits for its newline.
func (c *cleaner) flush(dst []byte) []byte {
	if c.returned {
		c.returned, c.ended, c.written = false, true, false
		dst = append(dst, '\n')
	}
	return dst
}

// finish ends the stream: half a character becomes U+FFFD a byte, half an escape sequence is dropped.
func (c *cleaner) finish(dst []byte) []byte {
	n := c.partLen
	c.partLen = 0
	for range n {
		dst = c.rune(dst, utf8.RuneError, 1)
	}
	c.state = ground
	return c.flush(dst)
}

// rune takes the next character, which has size bytes in the stream.
func (c *cleaner) rune(dst []byte, r rune, size int) []byte {
	if c.state == ground {
		return c.text(dst, r)
	}
	c.inside += size
	switch {
	case r == '\n' || r == '\r' || c.inside > sequenceLimit:
		// Broken: what follows is text, this character included.
		c.state = ground
		return c.text(dst, r)
	case r == esc:
		c.begin(escape)
		return dst
	case r == can || r == sub:
		c.state = ground
		return dst
	}
	switch c.state {
	case escape:
		return c.afterEscape(dst, r)
	case intermediate:
		return c.within(dst, r, r >= 0x20 && r <= 0x2f, r >= 0x30 && r <= 0x7e)
	case control:
		return c.within(dst, r, r >= 0x20 && r <= 0x3f, r >= 0x40 && r <= 0x7e)
	default:
		if r == bel || r == 0x9c {
			c.state = ground
		}
		return dst
	}
}

func (c *cleaner) begin(s state) {
	c.state, c.inside = s, 0
}

// afterEscape takes the character after ESC.
func (c *cleaner) afterEscape(dst []byte, r rune) []byte {
	switch {
	case r == '[':
		c.begin(control)
	case r == ']' || r == 'P' || r == 'X' || r == '^' || r == '_':
		c.begin(stringText)
	case r >= 0x20 && r <= 0x2f:
		c.state = intermediate
	case r < 0x20 || r == del:
		// Terminals obey a control character in the middle of a sequence and go on with the sequence.
	case r <= 0x7e:
		c.state = ground
	default:
		c.state = ground
		return c.text(dst, r)
	}
	return dst
}

// within takes a character of a sequence that goes on with some characters and ends with others.
func (c *cleaner) within(dst []byte, r rune, goesOn, ends bool) []byte {
	switch {
	case goesOn || r < 0x20 || r == del:
	case ends:
		c.state = ground
	default:
		c.state = ground
		return c.text(dst, r)
	}
	return dst
}

// text takes a character outside of a sequence.
func (c *cleaner) text(dst []byte, r rune) []byte {
	switch {
	case r == '\r':
		c.returned = c.returned || c.written
		return dst
	case r == '\n' || r == 0x85 || r == 0x2028 || r == 0x2029:
		// NEL and Unicode's line and paragraph separators end a line too.
		if r == '\n' && c.ended {
			c.ended = false
			return dst
		}
		if r != '\n' {
			dst = c.settle(dst)
		}
		c.returned, c.ended, c.written = false, false, false
		return append(dst, '\n')
	case r == esc:
		c.begin(escape)
		return dst
	case r == 0x9b:
		c.begin(control)
		return dst
	case r == 0x90 || r == 0x98 || r >= 0x9d && r <= 0x9f:
		c.begin(stringText)
		return dst
	case r < ' ' && r != '\t' || r >= del && r < 0xa0 || r >= 0xa0 && invisible(r):
		return dst
	}
	dst = c.settle(dst)
	c.written, c.ended = true, false
	return utf8.AppendRune(dst, r)
}

// settle writes a carriage return that turned out to stand alone.
func (c *cleaner) settle(dst []byte) []byte {
	if c.returned {
		c.returned = false
		dst = append(dst, '\n')
	}
	return dst
}
