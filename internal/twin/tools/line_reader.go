package tools

import (
	"io"
	"strings"
)

// lineReader reads lines and not a byte more, so that what follows is left for whoever reads next.
type lineReader struct{ from io.Reader }

// next is the next line without its end; the error is io.EOF only when nothing was read.
func (l *lineReader) next() (string, error) {
	var b strings.Builder
	one := make([]byte, 1)
	for {
		n, err := l.from.Read(one)
		if n == 1 {
			if one[0] == '\n' {
				return b.String(), nil
			}
			b.WriteByte(one[0])
			continue
		}
		if err != nil {
			if b.Len() > 0 {
				return b.String(), nil
			}
			return "", err
		}
	}
}
