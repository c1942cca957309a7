package resp

import (
	"math"
	"strconv"
	"strings"
)

// Status answers a word: OK.
func (c *Conn) Status(word string) { c.put('+', oneLine(word)) }

// Error answers an error, which begins with its kind: ERR, WRONGTYPE, READONLY.
func (c *Conn) Error(text string) { c.put('-', oneLine(text)) }

// Int answers a number.
func (c *Conn) Int(n int64) { c.put(':', strconv.FormatInt(n, 10)) }

// Bulk answers a string of any bytes.
func (c *Conn) Bulk(s string) { c.reply = appendBulk(c.reply, s) }

// Bulks answers an array of strings.
func (c *Conn) Bulks(all ...string) {
	c.Array(len(all))
	for _, s := range all {
		c.Bulk(s)
	}
}

// Text answers a string for people, as INFO does: RESP3 says so.
func (c *Conn) Text(s string) {
	if c.Protocol() < 3 {
		c.Bulk(s)
		return
	}
	c.put('=', strconv.Itoa(len(s)+4))
	c.reply = append(c.reply, "txt:"+s+"\r\n"...)
}

// Null answers that there is no such thing.
func (c *Conn) Null() {
	if c.Protocol() < 3 {
		c.put('$', "-1")
	} else {
		c.put('_', "")
	}
}

// NullArray is Null where an array was asked for.
func (c *Conn) NullArray() {
	if c.Protocol() < 3 {
		c.put('*', "-1")
	} else {
		c.put('_', "")
	}
}

// Bool answers true or false; 1 or 0 in RESP2.
func (c *Conn) Bool(b bool) {
	switch {
	case c.Protocol() >= 3 && b:
		c.put('#', "t")
	case c.Protocol() >= 3:
		c.put('#', "f")
	case b:
		c.Int(1)
	default:
		c.Int(0)
	}
}

// Double answers a number with a fraction, a string in RESP2.
func (c *Conn) Double(f float64) {
	s := strconv.FormatFloat(f, 'g', 17, 64)
	if short := strconv.FormatFloat(f, 'g', -1, 64); math.Abs(f) < 1e17 {
		s = short
	}
	if math.IsInf(f, 0) {
		s = map[bool]string{true: "inf", false: "-inf"}[f > 0]
	}
	if c.Protocol() < 3 {
		c.Bulk(s)
	} else {
		c.put(',', s)
	}
}

// Array begins an array; its elements are answered next.
func (c *Conn) Array(elements int) { c.put('*', strconv.Itoa(elements)) }

// Map begins a map; its keys and values are answered next, by turns. In RESP2 it is an array.
func (c *Conn) Map(pairs int) {
	if c.Protocol() < 3 {
		c.Array(2 * pairs)
	} else {
		c.put('%', strconv.Itoa(pairs))
	}
}

// Set begins a set; its elements are answered next. In RESP2 it is an array.
func (c *Conn) Set(elements int) {
	if c.Protocol() < 3 {
		c.Array(elements)
	} else {
		c.put('~', strconv.Itoa(elements))
	}
}

// Raw answers bytes that are in the protocol already.
func (c *Conn) Raw(p []byte) { c.reply = append(c.reply, p...) }

// Push sends strings that are no answer, now and from everywhere. In RESP2 they look like an array, which only a subscriber
// expects. A client that does not read for 8 MiB is given up.
func (c *Conn) Push(words ...string) { c.out.send(c.pushed(len(words), words, nil), false) }

// pushed is a push of strings, with a number at its end when there is one.
func (c *Conn) pushed(elements int, words []string, number *int) []byte {
	kind := byte('*')
	if c.Protocol() >= 3 {
		kind = '>'
	}
	b := append([]byte{kind}, strconv.Itoa(elements)+"\r\n"...)
	for _, w := range words {
		b = appendBulk(b, w)
	}
	if number != nil {
		b = append(b, ":"+strconv.Itoa(*number)+"\r\n"...)
	}
	return b
}

func (c *Conn) put(kind byte, text string) {
	c.reply = append(append(c.reply, kind), text...)
	c.reply = append(c.reply, '\r', '\n')
}

func appendBulk(b []byte, s string) []byte {
	b = append(b, '$')
	b = strconv.AppendInt(b, int64(len(s)), 10)
	b = append(append(b, '\r', '\n'), s...)
	return append(b, '\r', '\n')
}

// oneLine keeps what ends a line out of it, as Redis does.
func oneLine(s string) string { return strings.NewReplacer("\r", " ", "\n", " ").Replace(s) }

// unsubscribedNothing confirms the end of no subscription.
func (c *Conn) unsubscribedNothing(verb string, left int) []byte {
	b := c.pushed(3, []string{verb}, nil)
	if c.Protocol() >= 3 {
		b = append(b, "_\r\n"...)
	} else {
		b = append(b, "$-1\r\n"...)
	}
	return append(b, ":"+strconv.Itoa(left)+"\r\n"...)
}
