package shell

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
)

// format is -printf.
func (f *find) format(format string, e *found) (string, error) {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		switch c := format[i]; {
		case c == '\\' && i+1 < len(format):
			n := escapeLength(format[i:])
			b.WriteString(escapes(format[i:i+n], false))
			i += n - 1
		case c == '%' && i+1 < len(format):
			j := i + 1
			for j < len(format) && strings.IndexByte("-0123456789.", format[j]) >= 0 {
				j++
			}
			if j >= len(format) {
				return "", fmt.Errorf("error: %% at end of format string")
			}
			spec := format[i:j]
			text := ""
			at := e.ModTime.In(f.c.zone())
			switch format[j] {
			case 'p':
				text = e.name
			case 'f':
				text = path.Base(e.name)
			case 'h':
				text = path.Dir(e.name)
			case 'P':
				text = strings.TrimPrefix(strings.TrimPrefix(e.name, e.start), "/")
			case 'H':
				text = e.start
			case 's':
				text = strconv.FormatInt(e.Size, 10)
			case 'k':
				text = strconv.FormatInt(allocated(e.Info)/1024, 10)
			case 'b':
				text = strconv.FormatInt(allocated(e.Info)/512, 10)
			case 'm':
				text = strconv.FormatUint(uint64(toUnix(e.Mode)), 8)
			case 'M':
				text = modeString(e.Mode)
			case 'u':
				text = e.User
			case 'g':
				text = e.Group
			case 'U':
				text = strconv.Itoa(f.c.Host.uid(e.User))
			case 'G':
				text = strconv.Itoa(f.c.Host.gid(e.Group))
			case 'y':
				text = kindLetter(e.Info)
			case 'd':
				text = strconv.Itoa(e.depth)
			case 'l':
				text = e.Link
			case 'n':
				text = strconv.Itoa(e.Links)
			case 'i':
				text = strconv.FormatUint(e.Inode, 10)
			case 't', 'a', 'c':
				text = at.Format("Mon Jan _2 15:04:05.0000000000 2006")
			case 'T', 'A', 'C':
				if j++; j >= len(format) {
					return "", errors.New("error: a time directive needs a letter")
				}
				if format[j] == '@' {
					text = fmt.Sprintf("%d.%09d0", at.Unix(), at.Nanosecond())
				} else {
					t, err := strftime("%"+format[j:j+1], at)
					if err != nil {
						return "", err
					}
					text = t
				}
			case '%':
				text = "%"
			default:
				return "", fmt.Errorf("the directive %%%c is not known to a training host", format[j])
			}
			b.WriteString(padded(spec, text))
			i = j
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), nil
}
