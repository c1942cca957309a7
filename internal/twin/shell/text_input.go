package shell

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
)

// longestLine is how many bytes a line may have, so that a large file of zeros fills no memory.
const longestLine = 16 << 20

var errLine = errors.New("line too long")

// eachLine gives each line with its end; the last may have none.
func eachLine(r io.Reader, do func(line []byte) error) error {
	b := bufio.NewReaderSize(r, 4<<10)
	var long []byte
	for {
		part, err := b.ReadSlice('\n')
		if err == bufio.ErrBufferFull {
			if long = append(long, part...); len(long) > longestLine {
				return errLine
			}
			continue
		}
		line := part
		if long != nil {
			line = append(long, part...)
			long = nil
		}
		if len(line) > 0 {
			if err := do(line); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// chomp takes the end of a line away.
func chomp(line []byte) []byte { return bytes.TrimSuffix(line, []byte("\n")) }

// errStop ends a loop over lines without being an error.
var errStop = errors.New("stop")

// eachFile opens the files, or standard input when there are none, and gives each to do. What goes wrong is said as
// "NAME: FILE: why" and makes the status 1.
func (c *Call) eachFile(names []string, do func(name string, r io.Reader) error) int {
	if len(names) == 0 {
		names = []string{"-"}
	}
	status := 0
	for _, name := range names {
		r, err := c.open(name)
		if err == nil {
			err = do(name, r)
		}
		if err == errStop {
			return status
		}
		var failed *writeError
		if errors.As(err, &failed) {
			return c.Fail(1, "write error: %s", Reason(failed))
		}
		if err != nil {
			status = c.Fail(1, "%s: %s", name, Reason(err))
		}
	}
	return status
}

// flushed empties a buffer of standard output at the end of a command.
func (c *Call) flushed(out *bufio.Writer, status int) int {
	if err := out.Flush(); err != nil {
		return c.Fail(max(status, 1), "write error: %s", Reason(err))
	}
	return status
}

// buffered is standard output in a buffer; flush it.
func (c *Call) buffered() *bufio.Writer { return bufio.NewWriterSize(c.Stdout, 4<<10) }

// bytesOf reads a number of bytes with an optional suffix: b, K, kB, M, MB, G and so on.
func bytesOf(word string) (int64, bool) {
	i := 0
	for i < len(word) && (word[i] >= '0' && word[i] <= '9') {
		i++
	}
	n, err := strconv.ParseInt(word[:i], 10, 64)
	if err != nil {
		return 0, false
	}
	suffix := strings.TrimSuffix(word[i:], "iB")
	unit := int64(1024)
	if strings.HasSuffix(suffix, "B") && len(suffix) == 2 {
		unit, suffix = 1000, suffix[:1]
	}
	switch suffix {
	case "":
		return n, true
	case "b":
		return n * 512, true
	case "K", "k":
		return n * unit, true
	case "M":
		return n * unit * unit, true
	case "G":
		return n * unit * unit * unit, true
	case "T":
		return n * unit * unit * unit * unit, true
	}
	return 0, false
}
