package gate

import (
	"fmt"
	"reflect"
	"testing"
)

// three is a fact of each kind with every value it can have here, unseen among them.
type three struct {
	B *bool    `json:"b"`
	I *int64   `json:"i"`
	U *uint64  `json:"u"`
	F *float64 `json:"f"`
	S *string  `json:"s"`
}

func threeScope() Scope {
	t := reflect.TypeFor[three]()
	return Scope{Vars: map[string]reflect.Type{"l": t, "r": t, "c": t}}
}

func ask(t *testing.T, src string, vars map[string]any) Result {
	t.Helper()
	return mustCompile(t, src, threeScope()).Eval(vars)
}

func boolOf(a Answer) three {
	if a == Unknown {
		return three{}
	}
	return three{B: ptr(a == Pass)}
}

var allAnswers = []Answer{Unknown, Fail, Pass}

func TestLogicTables(t *testing.T) {
	// Rows are the left side, columns the right side: unknown, fail, pass.
	tables := map[string][3]string{
		"l.b && r.b":          {"ufu", "fff", "ufp"},
		"l.b and r.b":         {"ufu", "fff", "ufp"},
		"l.b || r.b":          {"uup", "ufp", "ppp"},
		"l.b or r.b":          {"uup", "ufp", "ppp"},
		"l.b == r.b":          {"uuu", "upf", "ufp"},
		"l.b != r.b":          {"uuu", "ufp", "upf"},
		"!l.b || r.b":         {"uup", "ppp", "ufp"},
		"!(l.b && r.b)":       {"upu", "ppp", "upf"},
		"not l.b and not r.b": {"uuf", "upf", "fff"},
		"l.b in [r.b]":        {"uuu", "upf", "ufp"},
		"l.b not in [r.b]":    {"uuu", "ufp", "upf"},
	}
	for src, rows := range tables {
		for i, l := range allAnswers {
			for j, r := range allAnswers {
				got := ask(t, src, map[string]any{"l": boolOf(l), "r": boolOf(r)})
				if got.Answer.String()[0] != rows[i][j] {
					t.Errorf("%s with %s, %s is %s, want %c", src, l, r, got.Answer, rows[i][j])
				}
			}
		}
	}
}

func TestNotAndChoiceTables(t *testing.T) {
	for _, c := range allAnswers {
		if got := ask(t, "!c.b", map[string]any{"c": boolOf(c)}).Answer; got != map[Answer]Answer{Unknown: Unknown, Pass: Fail, Fail: Pass}[c] {
			t.Errorf("!%s is %s", c, got)
		}
		for _, l := range allAnswers {
			for _, r := range allAnswers {
				want := map[Answer]Answer{Unknown: Unknown, Pass: l, Fail: r}[c]
				got := ask(t, "c.b ? l.b : r.b", map[string]any{"c": boolOf(c), "l": boolOf(l), "r": boolOf(r)}).Answer
				if got != want {
					t.Errorf("%s ? %s : %s is %s, want %s", c, l, r, got, want)
				}
			}
		}
	}
}

// Every operator with every pair of a smaller, an equal, a greater and an unseen value: what touches unseen is unknown, the
// rest is what Go says.
func TestOperatorsWithUnseen(t *testing.T) {
	numbers := []three{{}, {I: ptr(int64(1)), U: ptr(uint64(1)), F: ptr(1.0)}, {I: ptr(int64(2)), U: ptr(uint64(2)), F: ptr(2.0)}, {I: ptr(int64(3)), U: ptr(uint64(3)), F: ptr(3.0)}}
	compare := map[string]func(a, b int) bool{
		"==": func(a, b int) bool { return a == b }, "!=": func(a, b int) bool { return a != b },
		"<": func(a, b int) bool { return a < b }, "<=": func(a, b int) bool { return a <= b },
		">": func(a, b int) bool { return a > b }, ">=": func(a, b int) bool { return a >= b },
	}
	compute := map[string]func(a, b float64) float64{
		"+": func(a, b float64) float64 { return a + b }, "-": func(a, b float64) float64 { return a - b },
		"*": func(a, b float64) float64 { return a * b }, "/": func(a, b float64) float64 { return a / b },
	}
	for _, left := range []string{"i", "u", "f"} {
		for _, right := range []string{"i", "u", "f"} {
			for i, l := range numbers {
				for j, r := range numbers {
					vars := map[string]any{"l": l, "r": r}
					for op, is := range compare {
						src := fmt.Sprintf("l.%s %s r.%s", left, op, right)
						want := fact(Unknown, "x")
						if i > 0 && j > 0 {
							want = some(is(i, j))
						}
						if got := ask(t, src, vars); got.Answer != answerOf(want) {
							t.Errorf("%s with %d, %d is %s, want %s", src, i, j, got.Answer, answerOf(want))
						}
					}
					for op, of := range compute {
						src := fmt.Sprintf("l.%s %s r.%s", left, op, right)
						got := ask(t, src, vars)
						if i == 0 || j == 0 {
							if got.Value != nil || got.Unseen == "" {
								t.Errorf("%s with an unseen side is %v (%q)", src, got.Value, got.Unseen)
							}
						} else if toFloat(reflect.ValueOf(got.Value)) != of(float64(i), float64(j)) {
							t.Errorf("%s with %d, %d is %v", src, i, j, got.Value)
						}
					}
				}
			}
		}
	}
}

func TestTextOperatorsWithUnseen(t *testing.T) {
	words := []*string{nil, ptr("a"), ptr("ab"), ptr("b")}
	for _, c := range []struct {
		src  string
		want [4]string // rows: the left side; columns: the right side
	}{
		{`l.s contains r.s`, [4]string{"uuuu", "upff", "uppp", "uffp"}},
		{`l.s startsWith r.s`, [4]string{"uuuu", "upff", "uppf", "uffp"}},
		{`l.s endsWith r.s`, [4]string{"uuuu", "upff", "ufpp", "uffp"}},
		{`l.s not contains r.s`, [4]string{"uuuu", "ufpp", "ufff", "uppf"}},
		{`l.s == r.s`, [4]string{"uuuu", "upff", "ufpf", "uffp"}},
		{`l.s != r.s`, [4]string{"uuuu", "ufpp", "upfp", "uppf"}},
		{`l.s < r.s`, [4]string{"uuuu", "ufpp", "uffp", "ufff"}},
		{`l.s >= r.s`, [4]string{"uuuu", "upff", "uppf", "uppp"}},
		{`l.s + "c" == r.s + "c"`, [4]string{"uuuu", "upff", "ufpf", "uffp"}},
		{`l.s matches "^a" && r.s matches "b$"`, [4]string{"ufuu", "ufpp", "ufpp", "ffff"}},
		{`l.s in ["a", r.s]`, [4]string{"uuuu", "pppp", "ufpf", "uffp"}},
	} {
		for i, l := range words {
			for j, r := range words {
				got := ask(t, c.src, map[string]any{"l": three{S: l}, "r": three{S: r}}).Answer
				if got.String()[0] != c.want[i][j] {
					t.Errorf("%s with %v, %v is %s, want %c", c.src, show2(l), show2(r), got, c.want[i][j])
				}
			}
		}
	}
}

func show2(s *string) string {
	if s == nil {
		return "unseen"
	}
	return *s
}
