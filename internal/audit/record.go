// Package audit is the trail: what an operator saw, confirmed and did during one walk of one runbook, and what came back.
//
// A trail is one JSON Lines file, readable with less and jq when everything else is down. It is written ahead: Append
// returns only after its record is on disk (fsync), so an intent that was not acknowledged was not executed. Each record
// names the SHA-256 of the line before it, so a change in the middle is seen; the last hash, the head, is mirrored in a
// second file, so a cut end is seen too. One console writes a trail at a time (flock). The first error poisons the trail:
// it is never written again by this process, and never fsynced twice.
//
// Start with Create or Resume, then Append and Output; Read, List and Verify look at trails without locking them, and
// Markdown writes the report. docs/trail.md is the format for those who write another reader.
package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Version is the `v` of every record that this package writes, and the only one that it reads.
const Version = 1

// MaxRecord is the most bytes that one record's line may have, without its newline. Append refuses a longer one (and
// the trail stays usable); a longer line in a file is damage.
const MaxRecord = 4 << 20

// noHash is the `prev` of the first record.
var noHash = strings.Repeat("0", sha256.Size*2)

// Record is one line of a trail.
type Record struct {
	// V is Version. Seq counts from 1 without gaps and is the line's number; it, not the clock, is the order.
	V   int    `json:"v"`
	Seq uint64 `json:"seq"`
	// At is the wall clock, UTC. Mono is nanoseconds since boot, sleep included; it compares only with records of the
	// same Boot, the kernel's id of this boot.
	At   time.Time `json:"at"`
	Mono int64     `json:"mono"`
	Boot string    `json:"boot"`
	// PID is the console's process.
	PID int `json:"pid"`
	// Kind says what Data is: a Start for KindStart, and so on. Other kinds are kept and not interpreted.
	Kind Kind `json:"kind"`
	// Prev is the SHA-256, in hex, of the bytes of the line before, without its newline; 64 zeros in the first record.
	Prev string          `json:"prev"`
	Data json.RawMessage `json:"data"`

	// Hash is the SHA-256 of this line's bytes, in hex. It is not in the line: it is the Prev of the next one.
	Hash string `json:"-"`
}

// As decodes a record's data. The caller picks T by Kind; an unknown field is ignored, so that an older console reads a
// newer trail.
func As[T any](r Record) (T, error) {
	var out T
	if err := json.Unmarshal(r.Data, &out); err != nil {
		return out, fmt.Errorf("read record %d (%s): its data is not a %T: %w", r.Seq, r.Kind, out, err)
	}
	return out, nil
}

// Short is the first eight hex digits of a hash, as the screens show a head.
func Short(hash string) string {
	if len(hash) <= 8 {
		return hash
	}
	return hash[:8]
}

// encode gives the record's line without its newline and sets its Hash. The bytes returned are the bytes that are
// hashed and the bytes that are written; nothing ever encodes a record a second time.
func (r *Record) encode(data any) ([]byte, error) {
	raw, err := marshal(data)
	if err != nil {
		return nil, fmt.Errorf("encode the data of a %s record: %w", r.Kind, err)
	}
	if len(raw) == 0 || raw[0] != '{' {
		return nil, fmt.Errorf("encode the data of a %s record: it must be a JSON object, not %.20s", r.Kind, raw)
	}
	r.Data = raw
	line, err := marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode a %s record: %w", r.Kind, err)
	}
	if len(line) > MaxRecord {
		return nil, fmt.Errorf("encode a %s record: %d bytes are more than the %d that a record may have", r.Kind, len(line), MaxRecord)
	}
	r.Hash = hashOf(line)
	return line, nil
}

// marshal is json.Marshal without the escapes for HTML, so that a command reads as it was typed.
func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(buf.Bytes(), "\n"), nil
}

// decode reads one line. It checks the line alone, not its place in the chain.
func decode(line []byte) (Record, error) {
	var r Record
	if len(line) > MaxRecord {
		return r, fmt.Errorf("it has %d bytes, more than the %d that a record may have", len(line), MaxRecord)
	}
	if err := json.Unmarshal(line, &r); err != nil {
		return r, fmt.Errorf("it is not a record: %w", err)
	}
	switch {
	case r.V != Version:
		return r, fmt.Errorf("it has version %d, this recon reads version %d", r.V, Version)
	case r.Seq == 0 || r.Kind == "" || len(r.Prev) != sha256.Size*2:
		return r, errors.New("it is not a record: seq, kind or prev is missing")
	case len(r.Data) == 0 || r.Data[0] != '{':
		return r, errors.New("it is not a record: its data is not an object")
	}
	r.Hash = hashOf(line)
	return r, nil
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
