package pgwire

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
)

func TestSplit(t *testing.T) {
	for _, tc := range []struct {
		sql  string
		want []string
	}{
		{"", nil},
		{" ;; -- a comment ; here\n ;", nil},
		{"select 1", []string{"select 1"}},
		{"select ';'; select $$;$$ ;select $a$ ; $$ $a$", []string{"select ';'", "select $$;$$", "select $a$ ; $$ $a$"}},
		{`select "a;""b" /* ; /* ; */ ; */ , 'it''s; ' , e'\';'; b`, []string{`select "a;""b" /* ; /* ; */ ; */ , 'it''s; ' , e'\';'`, "b"}},
		{"select $1::int;select 1.5e-3", []string{"select $1::int", "select 1.5e-3"}},
	} {
		if got, err := Split(tc.sql); err != nil || !slices.Equal(got, tc.want) {
			t.Errorf("%q: %q, %v", tc.sql, got, err)
		}
	}
	for _, sql := range []string{"select 'a", `select "a`, "/* /* */", "select $$a", `e'\'`} {
		if _, err := Split(sql); err == nil || !strings.Contains(err.Error(), "unterminated") || !strings.Contains(err.Error(), "42601") {
			t.Errorf("%q: %v", sql, err)
		}
	}
}

func TestTokens(t *testing.T) {
	tokens, err := Tokens(`SELECT Ä.b::INT8 >>32,"X y",'z',$2,1.5 <>-.5 FROM t`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, token := range tokens {
		got = append(got, token.Text)
	}
	if want := "select|Ä|.|b|::|int8|>>|32|,|X y|,|z|,|$2|,|1.5|<>|-|.5|from|t"; !strings.EqualFold(strings.Join(got, "|"), want) {
		t.Errorf("%q", got)
	}
	if tokens[9].Kind != Quoted || tokens[11].Kind != String || tokens[13].Kind != Placeholder || tokens[15].Kind != Number || !tokens[0].Is("select") {
		t.Errorf("%+v", tokens)
	}
}

func FuzzTokens(f *testing.F) {
	for _, s := range []string{"select 1; select 'a''b'", "/* /* */ */ $tag$ $ $tag$", `e'\'' "a""" $1 .5e`, "\x00$é$ -- \n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		tokens, err := Tokens(sql)
		if err != nil {
			return
		}
		at := 0
		for _, token := range tokens {
			if token.From < at || token.To <= token.From || token.To > len(sql) {
				t.Fatalf("%q: %+v", sql, token)
			}
			at = token.To
		}
	})
}

func TestText(t *testing.T) {
	for _, tc := range []struct {
		oid  uint32
		v    any
		want string
	}{
		{pgtype.Float8OID, 1e15, "1e+15"},
		{pgtype.Float8OID, 123456789012345.0, "123456789012345"},
		{pgtype.Float8OID, 0.0001, "0.0001"},
		{pgtype.Float8OID, 0.00001, "1e-05"},
		{pgtype.Float8OID, -0.25, "-0.25"},
		{pgtype.NumericOID, 1e15, "1000000000000000"},
		{pgtype.IntervalOID, -time.Microsecond, "-00:00:00.000001"},
		{pgtype.IntervalOID, 83*time.Minute + 120*time.Millisecond, "01:23:00.12"},
		{pgtype.IntervalOID, 48 * time.Hour, "2 days"},
		{pgtype.IntervalOID, -49 * time.Hour, "-2 days -01:00:00"},
		{pgtype.IntervalOID, time.Duration(0), "00:00:00"},
		{pgtype.TimestampOID, time.Date(2026, 1, 2, 3, 4, 5, 600e6, time.UTC), "2026-01-02 03:04:05.6"},
		{pgtype.TimestamptzOID, time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600)), "2026-01-02 02:04:05+00"},
		{pgtype.DateOID, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), "2026-01-02"},
		{pgtype.TextArrayOID, []string{"a", "", "NULL", `b"\,`, "a=b"}, `{a,"","NULL","b\"\\,",a=b}`},
		{LSNOID, LSN(0x1_0a00_0028), "1/A000028"},
	} {
		if got, err := Text(tc.oid, tc.v); err != nil || got != tc.want {
			t.Errorf("%v: %q, %v, want %q", tc.v, got, err, tc.want)
		}
	}
	if _, err := Text(pgtype.TextOID, struct{}{}); err == nil {
		t.Error("a struct is no value")
	}
	if l, err := ParseLSN("1/A000028"); err != nil || l != 0x1_0a00_0028 {
		t.Error(l, err)
	}
}
