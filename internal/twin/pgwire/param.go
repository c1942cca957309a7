package pgwire

import (
	"fmt"

	"github.com/jackc/pgx/v5/pgtype"
)

// Param is a parameter of the extended protocol.
type Param struct {
	// OID is the type that the client or Describe gave it; 0 when neither did.
	OID uint32
	// Value is nil for NULL. Binary says how it is written.
	Value  []byte
	Binary bool
}

// Text is the value as PostgreSQL would write it; ok is false for NULL. The error is an *Error of code 22P03.
func (p Param) Text() (text string, ok bool, err error) {
	switch {
	case p.Value == nil:
		return "", false, nil
	case !p.Binary:
		return string(p.Value), true, nil
	}
	types := pgtype.NewMap()
	typ, known := types.TypeForOID(p.OID)
	if !known {
		return "", false, p.malformed()
	}
	v, err := typ.Codec.DecodeValue(types, p.OID, binaryFormat, p.Value)
	if err != nil {
		return "", false, p.malformed()
	}
	if text, err = Text(p.OID, v); err != nil {
		return "", false, p.malformed()
	}
	return text, true, nil
}

func (p Param) malformed() error {
	return &Error{Code: "22P03", Message: fmt.Sprintf("incorrect binary data format in a parameter of type %d", p.OID)}
}
