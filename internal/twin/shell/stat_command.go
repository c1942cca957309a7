package shell

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
)

func statCommand(_ context.Context, c *Call) int {
	a, ok := c.options("c:Lt", "format:=c", "printf:=p", "dereference=L", "terse=t")
	if !ok {
		return 2
	}
	if a.has('t') {
		return c.unsupported("-t is not known to a training host")
	}
	if len(a.rest) == 0 {
		return c.usage("missing operand")
	}
	format, given := a.get('c')
	if v, ok := a.get('p'); ok {
		format, given = escapes(v, false), true
	} else {
		format += "\n"
	}
	if !given {
		format = "  File: %N\n  Size: %-10s\tBlocks: %-10b IO Block: %-6o %F\nDevice: 254,1\tInode: %-11i Links: %h\n" +
			"Access: (%04a/%A)  Uid: (%5u/%8U)   Gid: (%5g/%8G)\nAccess: %x\nModify: %y\nChange: %z\n Birth: %w\n"
	}
	status := 0
	for _, name := range a.rest {
		stat := c.lstat
		if a.has('L') {
			stat = c.Stat
		}
		i, err := stat(name)
		if err != nil {
			status = c.Fail(1, "cannot statx '%s': %s", name, Reason(err))
			continue
		}
		text, err := c.statText(format, name, i)
		if err != nil {
			return c.usage("%s", err)
		}
		fmt.Fprint(c.Stdout, text)
	}
	return status
}

func (c *Call) statText(format, name string, i Info) (string, error) {
	var b strings.Builder
	at := i.ModTime.In(c.zone())
	for j := 0; j < len(format); j++ {
		if format[j] != '%' || j+1 >= len(format) {
			b.WriteByte(format[j])
			continue
		}
		k := j + 1
		for k < len(format) && strings.IndexByte("-+ #0123456789.", format[k]) >= 0 {
			k++
		}
		if k >= len(format) {
			b.WriteString(format[j:])
			break
		}
		spec := format[j:k]
		j = k
		number := func(verb string, v any) { fmt.Fprintf(&b, spec+verb, v) }
		text := func(v string) { b.WriteString(padded(spec, v)) }
		switch format[k] {
		case 'n':
			text(name)
		case 'N':
			shown := quotedName(name)
			if i.Mode&fs.ModeSymlink != 0 {
				shown += " -> " + quotedName(i.Link)
			}
			if strings.HasPrefix(format, "  File: ") {
				shown = strings.ReplaceAll(shown, "'", "")
			}
			text(shown)
		case 's':
			number("d", i.Size)
		case 'b':
			number("d", allocated(i)/512)
		case 'B':
			number("d", 512)
		case 'o':
			number("d", blockSize)
		case 'a':
			number("o", toUnix(i.Mode))
		case 'A':
			text(modeString(i.Mode))
		case 'f':
			number("x", toUnix(i.Mode)|typeBits(i.Mode))
		case 'U':
			text(i.User)
		case 'G':
			text(i.Group)
		case 'u':
			number("d", c.Host.uid(i.User))
		case 'g':
			number("d", c.Host.gid(i.Group))
		case 'i':
			number("d", i.Inode)
		case 'h':
			number("d", i.Links)
		case 'd':
			number("d", 65025)
		case 'F':
			text(fileKind(i))
		case 'y', 'x', 'z':
			text(stamp(at))
		case 'Y', 'X', 'Z':
			number("d", at.Unix())
		case 'w':
			text(stamp(at))
		case 'W':
			number("d", at.Unix())
		case 'm':
			u, _ := c.Host.FS.usage(c.Path(name), root) // it was just there
			text(u.Point)
		case '%':
			b.WriteByte('%')
		default:
			return "", fmt.Errorf("the directive %%%c is not known to a training host", format[k])
		}
	}
	return b.String(), nil
}

// quotedName is a name in quotes as %N prints it.
func quotedName(name string) string { return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'" }

// allocated are the bytes of the blocks that a file takes.
func allocated(i Info) int64 {
	switch {
	case i.Dir && i.Size > 0:
		return blockSize
	case i.Mode.IsRegular():
		return (i.Size + blockSize - 1) / blockSize * blockSize
	}
	return 0
}

func typeBits(m fs.FileMode) uint32 {
	switch {
	case m.IsDir():
		return 0o040000
	case m&fs.ModeSymlink != 0:
		return 0o120000
	case m&fs.ModeCharDevice != 0:
		return 0o020000
	case m&fs.ModeDevice != 0:
		return 0o060000
	case m&fs.ModeNamedPipe != 0:
		return 0o010000
	case m&fs.ModeSocket != 0:
		return 0o140000
	}
	return 0o100000
}

func fileKind(i Info) string {
	switch {
	case i.Dir:
		return "directory"
	case i.Mode&fs.ModeSymlink != 0:
		return "symbolic link"
	case i.Mode&fs.ModeCharDevice != 0:
		return "character special file"
	case i.Mode&fs.ModeDevice != 0:
		return "block special file"
	case i.Mode&fs.ModeNamedPipe != 0:
		return "fifo"
	case i.Mode&fs.ModeSocket != 0:
		return "socket"
	case i.Size == 0:
		return "regular empty file"
	}
	return "regular file"
}
