package inventory

import (
	"errors"
	"strings"

	"github.com/goccy/go-yaml"
)

// syntax reports where the YAML cannot be read. Neither the YAML reader's words nor these show a value.
func (r *reader) syntax(err error) {
	place, message := at{1, 1}, err.Error()
	var e yaml.Error
	if errors.As(err, &e) {
		message = e.GetMessage()
		if tk := e.GetToken(); tk != nil && tk.Position != nil {
			place = at{max(1, tk.Position.Line), max(1, tk.Position.Column)}
		}
	}
	what, hint := inWords(message)
	r.problem(place, "not YAML: "+what, hint)
}

// inWords says what the YAML reader found in the words of someone who did not write one. The messages are those of
// goccy/go-yaml 1.19; one that is not known is passed on.
func inWords(message string) (what, hint string) {
	for _, w := range []struct{ part, what, hint string }{
		{"found character '\t'", "a tab stands where only spaces may", "indent with spaces"},
		{"could not find end character", "the quote is never closed", "close it"},
		{"must be specified", "a comma or a closing bracket is missing before this", "look at the line above too"},
		{"end token", "the bracket is never closed", "close it"},
		{"could not find '", "the bracket was never opened", "take it out, or open it"},
		{"mapping value is not allowed", "a colon stands where none may", "put a value with a colon and a space in quotes, check the indentation below"},
		{"non-map value", "the line is not `key: value`", "is the space after the colon missing?"},
		{"unexpected key name", "the line is not `key: value`", "is the space after the colon missing?"},
		{"block sequence entries", "a list begins behind its key", "write it on the lines below, or as [a, b]"},
		{"is a reserved character", "a value begins with a character that YAML keeps for itself", "put it in quotes"},
		{"unknown escape", "a backslash stands before a character that needs none", "use single quotes, or write it twice"},
		{"value is not allowed", "the line does not belong where it stands", "check its indentation"},
	} {
		if strings.Contains(message, w.part) {
			return w.what, w.hint
		}
	}
	return quote(message), "check the indentation, the space after each colon, and the quotes"
}
