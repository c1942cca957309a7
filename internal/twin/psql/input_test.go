package psql

import "testing"

// As psql does: inside of literals, names, comments and casts nothing is a variable.
func TestInterpolate(t *testing.T) {
	r := &run{}
	r.variables = map[string]string{"slot": "it's", "n": "3"}
	for text, want := range map[string]string{
		"SELECT :'slot', :\"slot\", :n;":             `SELECT 'it''s', "it's", 3;`,
		"SELECT ':slot', \":n\", '2'::int -- :n\n;":  "SELECT ':slot', \":n\", '2'::int -- :n\n;",
		"SELECT /* :n */ :n, :'other', :other, 'a''": "SELECT /* :n */ 3, :'other', :other, 'a''",
	} {
		if got := r.interpolate(text); got != want {
			t.Errorf("%q becomes %q, not %q", text, got, want)
		}
	}
}
