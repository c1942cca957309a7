package shell

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

func wcCommand(_ context.Context, c *Call) int {
	a, ok := c.options("lwcmL", "lines=l", "words=w", "bytes=c", "chars=m", "max-line-length=L")
	if !ok {
		return 2
	}
	show := "lwcmL"
	if len(a.flags) == 0 {
		show = "lwc"
	} else {
		show = strings.Map(func(r rune) rune {
			if a.has(byte(r)) {
				return r
			}
			return -1
		}, "lwmcL")
	}
	type row struct {
		count map[byte]int
		name  string
	}
	var rows []row
	total := row{map[byte]int{}, "total"}
	status := c.eachFile(a.rest, func(name string, r io.Reader) error {
		n, err := map[byte]int{}, error(nil)
		if size, ok := sizeOf(r); ok && show == "c" {
			n['c'] = int(size)
		} else {
			n, err = countText(r)
		}
		for k, v := range n {
			if k == 'L' {
				total.count[k] = max(total.count[k], v)
			} else {
				total.count[k] += v
			}
		}
		rows = append(rows, row{n, name})
		return err
	})
	if len(a.rest) > 1 {
		rows = append(rows, total)
	}
	width := 1
	if len(show) > 1 || len(rows) > 1 {
		width = len(strconv.Itoa(total.count['c']))
		if len(a.rest) == 0 || slices.Contains(a.rest, "-") {
			width = max(width, 7)
		}
	}
	for _, r := range rows {
		for i, k := range []byte(show) {
			if i > 0 {
				fmt.Fprint(c.Stdout, " ")
			}
			fmt.Fprintf(c.Stdout, "%*d", width, r.count[k])
		}
		if len(a.rest) > 0 {
			fmt.Fprint(c.Stdout, " ", r.name)
		}
		fmt.Fprintln(c.Stdout)
	}
	return status
}

func countText(r io.Reader) (map[byte]int, error) {
	n := map[byte]int{}
	buf := make([]byte, 64<<10)
	inWord, col := false, 0
	for {
		k, err := r.Read(buf)
		for _, b := range buf[:k] {
			if b&0xc0 != 0x80 {
				n['m']++
			}
			switch {
			case b == '\n':
				n['l']++
				n['L'], col = max(n['L'], col), 0
			case b == '\t':
				col += 8 - col%8
			case b&0xc0 != 0x80:
				col++
			}
			space := b == ' ' || b >= '\t' && b <= '\r'
			if !space && !inWord {
				n['w']++
			}
			inWord = !space
		}
		n['c'] += k
		if err == io.EOF {
			n['L'] = max(n['L'], col)
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

func seqCommand(_ context.Context, c *Call) int {
	var words []string
	sep, equal, format := "\n", false, ""
	args := c.Args[1:]
	for len(args) > 0 {
		w := args[0]
		args = args[1:]
		switch {
		case w == "-w":
			equal = true
		case strings.HasPrefix(w, "-s") || strings.HasPrefix(w, "-f"):
			value := w[2:]
			if value == "" {
				if len(args) == 0 {
					return c.usage("option requires an argument -- '%c'", w[1])
				}
				value, args = args[0], args[1:]
			}
			if w[1] == 's' {
				sep = value
			} else {
				format = value
			}
		case len(w) > 1 && w[0] == '-' && (w[1] < '0' || w[1] > '9') && w[1] != '.':
			return c.usage("invalid option -- '%s'", w[1:])
		default:
			words = append(words, w)
		}
	}
	if len(words) == 0 || len(words) > 3 {
		return c.usage("missing operand")
	}
	places := 0
	value := [3]float64{1, 1, 1} // first, step, last
	at := map[int][]int{1: {2}, 2: {0, 2}, 3: {0, 1, 2}}[len(words)]
	for i, w := range words {
		f, err := strconv.ParseFloat(w, 64)
		if err != nil {
			return c.usage("invalid floating point argument: '%s'", w)
		}
		value[at[i]] = f
		if _, frac, ok := strings.Cut(w, "."); ok && at[i] != 2 {
			places = max(places, len(frac))
		}
	}
	if value[1] == 0 {
		return c.usage("invalid Zero increment value: '%s'", words[1])
	}
	text := func(f float64) string {
		if format != "" {
			return fmt.Sprintf(format, f)
		}
		return strconv.FormatFloat(f, 'f', places, 64)
	}
	width := max(len(text(value[0])), len(text(value[2])))
	out := c.buffered()
	first := true
	for n := 0; ; n++ {
		f := value[0] + float64(n)*value[1]
		if value[1] > 0 && f > value[2]+1e-9 || value[1] < 0 && f < value[2]-1e-9 {
			break
		}
		if !first {
			_, _ = out.WriteString(sep) // Flush says it
		}
		first = false
		t := text(f)
		if equal {
			neg := strings.HasPrefix(t, "-")
			t = strings.Repeat("0", max(width-len(t), 0)) + strings.TrimPrefix(t, "-")
			if neg {
				t = "-" + t
			}
		}
		if _, err := out.WriteString(t); err != nil {
			return 1
		}
	}
	if !first {
		_, _ = out.WriteString("\n") // as above
	}
	return c.flushed(out, 0)
}
