package audit

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// Names in a trails folder: DIR/CLUSTER/STAMP-BOOK-RANDOM.jsonl, beside it STAMP-BOOK-RANDOM.out/ with the outputs, and
// DIR/heads. Names sort by time because the stamp is UTC and comes first.
const (
	ending    = ".jsonl"
	outEnding = ".out"
	headsName = "heads"
	stampForm = "20060102T150405Z"
)

// trailName is a new file name, unlike any other by eight random hex digits.
func trailName(at time.Time, book string) (string, error) {
	var b [4]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", fmt.Errorf("draw a random name: %w", err)
	}
	return at.UTC().Format(stampForm) + "-" + safeName(book) + "-" + hex.EncodeToString(b[:]) + ending, nil
}

// safeName makes one path element of a name from outside: letters, digits, dot, dash and underscore, at most 64 bytes,
// never hidden, never empty.
func safeName(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case b.Len() == 64:
			return b.String()
		case r == '.' && b.Len() == 0:
			b.WriteByte('_')
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-', r == '_':
			b.WriteRune(r)
		default:
			b.WriteByte('_')
		}
	}
	if b.Len() == 0 {
		return "unnamed"
	}
	return b.String()
}

// clusterFolder is the folder of a cluster's trails, which is never the name of the heads file.
func clusterFolder(cluster string) string {
	name := safeName(cluster)
	if name == headsName {
		return name + "_"
	}
	return name
}

// outFolder is where the outputs of the trail at path are kept.
func outFolder(path string) string { return strings.TrimSuffix(path, ending) + outEnding }

// plainName says whether a name that was read from a trail is one path element and nothing else.
func plainName(name string) bool {
	return name != "" && name != "." && name != ".." && !strings.ContainsAny(name, "/\\\x00")
}

// trailsDir is the trails folder that the trail at path lies in, and relative is the path as heads and Refs have it.
func trailsDir(path string) string { return filepath.Dir(filepath.Dir(path)) }

func relative(path string) string {
	return filepath.Base(filepath.Dir(path)) + "/" + filepath.Base(path)
}

// quote makes a name safe to paste into a shell.
func quote(name string) string {
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/") == "" && name != "" {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
}
