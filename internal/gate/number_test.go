package gate

import (
	"math"
	"reflect"
	"testing"
)

func TestNumbersAreComparedExactly(t *testing.T) {
	const big = 1 << 53
	vars := map[string]any{
		"l": three{I: ptr(int64(big + 1)), U: ptr(uint64(math.MaxUint64)), F: ptr(float64(big))},
		"r": three{I: ptr(int64(-1)), U: ptr(uint64(big + 1)), F: ptr(math.Inf(1))},
	}
	for src, want := range map[string]Answer{
		"l.i == l.f": Fail, "l.i > l.f": Pass, "l.i == r.u": Pass, "l.u == r.i": Fail, "l.u > r.i": Pass, "r.i < l.u": Pass,
		"l.u < r.f": Pass, "l.i < r.f": Pass, "r.u >= l.i": Pass, "r.u != 9007199254740993": Fail, "r.u != 9007199254740992": Pass,
		"l.f == 9007199254740992": Pass, "l.f == 9007199254740993": Fail, "r.i == -1.0": Pass,
	} {
		if got := ask(t, src, vars); got.Answer != want {
			t.Errorf("%s is %s, want %s (%s)", src, got.Answer, want, got.Unseen)
		}
	}
}

func TestArithmetic(t *testing.T) {
	vars := map[string]any{
		"l": three{I: ptr(int64(7)), U: ptr(uint64(math.MaxUint64)), F: ptr(0.5)},
		"r": three{I: ptr(int64(math.MaxInt64)), U: ptr(uint64(0)), F: ptr(math.NaN())},
	}
	for _, c := range []struct {
		src  string
		want any // nil: not seen
	}{
		{"l.i % 4", 3},
		{"-l.i % 4", -3},
		{"l.i / 2", 3.5},
		{"l.i ** 2", 49.0},
		{"2 ^ 0.5 > 1.4", true},
		{"-l.f", -0.5},
		{"+l.i", int64(7)},
		{"l.i - 10", -3},
		{"l.i * l.f", 3.5},
		{"l.i + 1 == 8 ? l.i : l.f", 7.0},
		{"r.i - 1", math.MaxInt64 - 1},
		{"r.i + 1", nil},
		{"l.u + 0", nil},
		{"l.u - l.u", 0},
		{"-l.u", nil},
		{"l.i / 0", nil},
		{"l.i / r.u", nil},
		{"l.i % r.u", nil},
		{"l.i / 0.0", nil},
		{"r.f + 1", nil},
		{"r.f == r.f", nil},
		{"10.0 ** 400", nil},
		{"(0 - 1) ** 0.5", nil},
		{"len(l.s)", nil},
		{`len("größe")`, 5},
		{`"a" + "b"`, "ab"},
	} {
		got := ask(t, c.src, vars)
		if !reflect.DeepEqual(got.Value, c.want) || (c.want == nil) != (got.Unseen != "") {
			t.Errorf("%s is %v of type %T (%q), want %v of type %T", c.src, got.Value, got.Value, got.Unseen, c.want, c.want)
		}
	}
}
