package resp

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// protocolError is a client that does not speak the protocol, in Redis' words; it ends the connection.
type protocolError string

func (e protocolError) Error() string { return string(e) }

var errSlow = errors.New("the client does not read")

// The limits of Redis, but for the size of an argument, which is 512 MiB there.
const (
	lineLimit    = 64 << 10
	argLimit     = 1<<31 - 1
	sizeLimit    = 64 << 20
	strangerArgs = 10
	strangerSize = 16 << 10
)

// readCommand reads the next command; none for an empty one. A stranger has not logged in and may not say much.
func readCommand(r *bufio.Reader, stranger bool) ([][]byte, error) {
	first, err := r.Peek(1)
	if err != nil {
		return nil, err
	}
	if first[0] != '*' {
		line, err := readLine(r, "too big inline request")
		if err != nil {
			return nil, err
		}
		return splitInline(line)
	}
	count, err := readNumber(r, "too big mbulk count string", "invalid multibulk length")
	switch {
	case err != nil:
		return nil, err
	case count > argLimit:
		return nil, protocolError("invalid multibulk length")
	case count > strangerArgs && stranger:
		return nil, protocolError("unauthenticated multibulk length")
	case count <= 0:
		return nil, nil
	}
	var args [][]byte
	for range count {
		arg, err := readBulk(r, stranger)
		if err != nil {
			return nil, err
		}
		args = append(args, arg)
	}
	return args, nil
}

func readBulk(r *bufio.Reader, stranger bool) ([]byte, error) {
	kind, err := r.Peek(1)
	if err != nil {
		return nil, err
	}
	if kind[0] != '$' {
		return nil, protocolError(fmt.Sprintf("expected '$', got '%c'", kind[0]))
	}
	size, err := readNumber(r, "too big bulk count string", "invalid bulk length")
	switch {
	case err != nil:
		return nil, err
	case size < 0 || size > sizeLimit:
		return nil, protocolError("invalid bulk length")
	case size > strangerSize && stranger:
		return nil, protocolError("unauthenticated bulk length")
	}
	// The memory comes with the bytes, not with the claim.
	var b bytes.Buffer
	if _, err := io.CopyN(&b, r, int64(size)+2); err != nil {
		return nil, err
	}
	return b.Bytes()[:size:size], nil
}

// readNumber reads a line of a type's byte and a number.
func readNumber(r *bufio.Reader, tooLong, invalid string) (int, error) {
	line, err := readLine(r, tooLong)
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(string(line[1:]))
	if err != nil {
		return 0, protocolError(invalid)
	}
	return n, nil
}

// readLine reads a line without its end.
func readLine(r *bufio.Reader, tooLong string) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > lineLimit:
			return nil, protocolError(tooLong)
		case err == nil:
			return bytes.TrimSuffix(line[:len(line)-1], []byte("\r")), nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}
