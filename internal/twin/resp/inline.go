package resp

import (
	"bytes"
	"strings"
)

// splitInline splits a line into its words, which may be quoted: in double quotes with escapes (\n, \xff), in single quotes
// with \' alone; sds.c, sdssplitargs.
func splitInline(line []byte) ([][]byte, error) {
	// For Redis a line is a C string.
	line, _, _ = bytes.Cut(line, []byte{0})
	var words [][]byte
	for i := 0; ; {
		for i < len(line) && space(line[i]) {
			i++
		}
		if i == len(line) {
			return words, nil
		}
		word := []byte{}
		var quote byte
	letters:
		for ; ; i++ {
			switch {
			case i == len(line):
				if quote != 0 {
					return nil, protocolError("unbalanced quotes in request")
				}
				break letters
			case quote == '"' && line[i] == '\\' && i+1 < len(line):
				b, used := unescape(line[i+1:])
				word = append(word, b)
				i += used
			case quote == '\'' && line[i] == '\\' && i+1 < len(line) && line[i+1] == '\'':
				word = append(word, '\'')
				i++
			case quote != 0 && line[i] == quote:
				// After the closing quotation mark comes a space, or nothing.
				if i+1 < len(line) && !space(line[i+1]) {
					return nil, protocolError("unbalanced quotes in request")
				}
				i++
				break letters
			case quote != 0:
				word = append(word, line[i])
			case space(line[i]):
				break letters
			case line[i] == '"' || line[i] == '\'':
				quote = line[i]
			default:
				word = append(word, line[i])
			}
		}
		words = append(words, word)
	}
}

// unescape is what stands after a backslash, and how many bytes of it.
func unescape(s []byte) (b byte, used int) {
	if len(s) >= 3 && s[0] == 'x' {
		high, low := strings.IndexByte(digits, s[1]|0x20), strings.IndexByte(digits, s[2]|0x20)
		if high >= 0 && low >= 0 {
			return byte(high<<4 | low), 3
		}
	}
	if at := strings.IndexByte("nrtba", s[0]); at >= 0 {
		return "\n\r\t\b\a"[at], 1
	}
	return s[0], 1
}

const digits = "0123456789abcdef"

func space(b byte) bool { return b == ' ' || b >= '\t' && b <= '\r' }
