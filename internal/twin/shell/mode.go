package shell

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// parseMode reads a mode as chmod(1) does, octal or as u+x,g=r; now is the mode it changes, umask what a letterless clause
// leaves out.
func parseMode(word string, now fs.FileMode, dir bool, umask fs.FileMode) (fs.FileMode, error) {
	if n, err := strconv.ParseUint(word, 8, 32); err == nil && n <= 0o7777 {
		return fromUnix(uint32(n)), nil
	}
	mode := toUnix(now)
	for _, clause := range strings.Split(word, ",") {
		i := 0
		var who uint32
		for ; i < len(clause) && strings.IndexByte("ugoa", clause[i]) >= 0; i++ {
			who |= map[byte]uint32{'u': 0o4700, 'g': 0o2070, 'o': 0o1007, 'a': 0o7777}[clause[i]]
		}
		masked := uint32(0o7777)
		if who == 0 {
			who, masked = 0o7777, 0o7777&^uint32(umask)
		}
		if i >= len(clause) || strings.IndexByte("+-=", clause[i]) < 0 {
			return 0, fmt.Errorf("invalid mode: '%s'", word)
		}
		for i < len(clause) && strings.IndexByte("+-=", clause[i]) >= 0 {
			op := clause[i]
			var bits uint32
			for i++; i < len(clause) && strings.IndexByte("+-=", clause[i]) < 0; i++ {
				switch clause[i] {
				case 'r':
					bits |= 0o444
				case 'w':
					bits |= 0o222
				case 'x':
					bits |= 0o111
				case 'X':
					if dir || mode&0o111 != 0 {
						bits |= 0o111
					}
				case 's':
					bits |= 0o6000
				case 't':
					bits |= 0o1000
				case 'u':
					bits |= (mode >> 6 & 7) * 0o111
				case 'g':
					bits |= (mode >> 3 & 7) * 0o111
				case 'o':
					bits |= (mode & 7) * 0o111
				default:
					return 0, fmt.Errorf("invalid mode: '%s'", word)
				}
			}
			bits &= who & masked
			switch op {
			case '+':
				mode |= bits
			case '-':
				mode &^= bits
			case '=':
				mode = mode&^who | bits
			}
		}
	}
	return fromUnix(mode), nil
}

// toUnix and fromUnix turn Go's permission bits into Linux's and back.
func toUnix(m fs.FileMode) uint32 {
	n := uint32(m.Perm())
	if m&fs.ModeSetuid != 0 {
		n |= 0o4000
	}
	if m&fs.ModeSetgid != 0 {
		n |= 0o2000
	}
	if m&fs.ModeSticky != 0 {
		n |= 0o1000
	}
	return n
}

func fromUnix(n uint32) fs.FileMode {
	m := fs.FileMode(n & 0o777)
	if n&0o4000 != 0 {
		m |= fs.ModeSetuid
	}
	if n&0o2000 != 0 {
		m |= fs.ModeSetgid
	}
	if n&0o1000 != 0 {
		m |= fs.ModeSticky
	}
	return m
}

// modeString is a mode as ls -l prints it.
func modeString(m fs.FileMode) string {
	b := []byte("----------")
	switch {
	case m.IsDir():
		b[0] = 'd'
	case m&fs.ModeSymlink != 0:
		b[0] = 'l'
	case m&fs.ModeCharDevice != 0:
		b[0] = 'c'
	case m&fs.ModeDevice != 0:
		b[0] = 'b'
	case m&fs.ModeNamedPipe != 0:
		b[0] = 'p'
	case m&fs.ModeSocket != 0:
		b[0] = 's'
	}
	for i := range 9 {
		if m&(1<<uint(8-i)) != 0 {
			b[i+1] = "rwx"[i%3]
		}
	}
	special := func(at int, set bool, with, without byte) {
		switch {
		case !set:
		case b[at] == 'x':
			b[at] = with
		default:
			b[at] = without
		}
	}
	special(3, m&fs.ModeSetuid != 0, 's', 'S')
	special(6, m&fs.ModeSetgid != 0, 's', 'S')
	special(9, m&fs.ModeSticky != 0, 't', 'T')
	return string(b)
}
