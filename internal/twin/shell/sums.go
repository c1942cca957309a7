package shell

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"strings"
)

func base64Command(_ context.Context, c *Call) int {
	a, ok := c.options("dw:i", "decode=d", "wrap:=w", "ignore-garbage=i")
	if !ok {
		return 2
	}
	wrap := 76
	if v, ok := a.get('w'); ok {
		wrap = int(number(v))
	}
	return c.eachFile(a.rest, func(_ string, r io.Reader) error {
		b, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if a.has('d') {
			text := strings.Map(func(r rune) rune {
				if r == '\n' || r == '\r' {
					return -1
				}
				return r
			}, string(b))
			out, err := base64.StdEncoding.DecodeString(text)
			_, _ = c.Stdout.Write(out) // the error below says more
			if err != nil {
				return fmt.Errorf("invalid input")
			}
			return nil
		}
		text := base64.StdEncoding.EncodeToString(b)
		for wrap > 0 && len(text) > wrap {
			if _, err := io.WriteString(c.Stdout, text[:wrap]+"\n"); err != nil {
				return err
			}
			text = text[wrap:]
		}
		if text != "" && wrap > 0 {
			text += "\n"
		}
		_, err = io.WriteString(c.Stdout, text)
		return err
	})
}

// sumCommand is sha256sum, sha1sum and md5sum, with -c.
func sumCommand(_ context.Context, c *Call) int {
	fresh := map[string]func() hash.Hash{"md5sum": md5.New, "sha1sum": sha1.New}[c.Name()]
	if fresh == nil {
		fresh = sha256.New
	}
	a, ok := c.options("bctzw", "binary=b", "check=c", "text=t", "status=S", "quiet=q")
	if !ok {
		return 2
	}
	sum := func(r io.Reader) (string, error) {
		h := fresh()
		_, err := io.Copy(h, r)
		return hex.EncodeToString(h.Sum(nil)), err
	}
	if !a.has('c') {
		return c.eachFile(a.rest, func(name string, r io.Reader) error {
			s, err := sum(r)
			if err == nil {
				_, err = fmt.Fprintf(c.Stdout, "%s  %s\n", s, name)
			}
			return err
		})
	}
	bad := 0
	status := c.eachFile(a.rest, func(_ string, list io.Reader) error {
		return eachLine(list, func(l []byte) error {
			want, name, ok := strings.Cut(string(chomp(l)), "  ")
			if !ok {
				return nil
			}
			result := "OK"
			r, err := c.open(name)
			got := ""
			if err == nil {
				got, err = sum(r)
			}
			switch {
			case err != nil:
				c.Fail(1, "%s: %s", name, Reason(err))
				result = "FAILED open or read"
				bad++
			case got != want:
				result = "FAILED"
				bad++
			}
			if !a.has('S') && !(a.has('q') && result == "OK") {
				fmt.Fprintf(c.Stdout, "%s: %s\n", name, result)
			}
			return nil
		})
	})
	if bad > 0 {
		return c.Fail(1, "WARNING: %d computed checksum%s did NOT match", bad, plural(bad))
	}
	return status
}
