package tools

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// redisValue is an answer of the Redis protocol, version 2.
type redisValue struct {
	// kind is the first byte of the answer: + - : $ *
	kind byte
	text string
	null bool
	list []redisValue
}

func (v redisValue) failed() bool { return v.kind == '-' }

var errRedisAnswer = errors.New("not an answer of Redis")

func readRedis(r *bufio.Reader) (redisValue, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return redisValue{}, err
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return redisValue{}, errRedisAnswer
	}
	v := redisValue{kind: line[0], text: line[1:]}
	switch v.kind {
	case '+', '-', ':':
		return v, nil
	case '$', '*':
	default:
		return v, errRedisAnswer
	}
	n, err := strconv.Atoi(v.text)
	if err != nil || n > 1<<28 {
		return v, errRedisAnswer
	}
	v.text = ""
	switch {
	case n < 0:
		v.null = true
	case v.kind == '$':
		b := make([]byte, n+2)
		if _, err := io.ReadFull(r, b); err != nil {
			return v, err
		}
		v.text = string(b[:n])
	default:
		for range n {
			item, err := readRedis(r)
			if err != nil {
				return v, err
			}
			v.list = append(v.list, item)
		}
	}
	return v, nil
}

// rawText is the answer as redis-cli writes it to what is no terminal: nothing but the values, a line each.
func (v redisValue) rawText() string {
	if v.kind != '*' || v.null {
		return v.text
	}
	parts := make([]string, len(v.list))
	for i, item := range v.list {
		parts[i] = item.rawText()
	}
	return strings.Join(parts, "\n")
}

// pretty is the answer as redis-cli writes it to a terminal.
func (v redisValue) pretty(indent string) string {
	switch {
	case v.null:
		return "(nil)"
	case v.kind == '-':
		return "(error) " + v.text
	case v.kind == ':':
		return "(integer) " + v.text
	case v.kind == '$':
		return strconv.Quote(v.text)
	case v.kind == '+':
		return v.text
	case len(v.list) == 0:
		return "(empty array)"
	}
	width := len(strconv.Itoa(len(v.list)))
	var b strings.Builder
	for i, item := range v.list {
		if i > 0 {
			b.WriteString("\n" + indent)
		}
		b.WriteString(fmt.Sprintf("%*d) ", width, i+1) + item.pretty(indent+strings.Repeat(" ", width+2)))
	}
	return b.String()
}

// plain is the answer for JSON.
func (v redisValue) plain() any {
	switch {
	case v.null:
		return nil
	case v.kind == ':':
		n, err := strconv.ParseInt(v.text, 10, 64)
		if err == nil {
			return n
		}
	case v.kind == '*':
		out := []any{}
		for _, item := range v.list {
			out = append(out, item.plain())
		}
		return out
	}
	return v.text
}
