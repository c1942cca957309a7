package tools

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// plainScalar is a text that YAML needs no quotes for.
var plainScalar = regexp.MustCompile(`^[A-Za-z_/.(][^:#\n]*$`)

// yamlWords are texts that YAML 1.1 takes for something else.
var yamlWords = []string{"on", "off", "yes", "no", "true", "false", "null", "y", "n", "~", ""}

// yamlScalar is a value as PyYAML writes it.
func yamlScalar(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		if slices.Contains(yamlWords, strings.ToLower(v)) || !plainScalar.MatchString(v) && !regexp.MustCompile(`^[0-9.:]*[^0-9.:\s][^:#\n]*$`).MatchString(v) && strings.Count(v, ".") != 3 || strings.HasSuffix(v, " ") || strings.HasPrefix(v, "-") {
			return "'" + strings.ReplaceAll(v, "'", "''") + "'"
		}
		return v
	case float64:
		if v == float64(int64(v)) {
			return fmt.Sprint(int64(v))
		}
	}
	return fmt.Sprint(v)
}

// yamlText is a document as PyYAML writes it in blocks, keys sorted.
func yamlText(v any, indent string) string {
	var b strings.Builder
	switch v := v.(type) {
	case map[string]any:
		for _, k := range sortedKeys(v) {
			yamlItem(&b, indent+yamlScalar(k)+":", v[k], indent, indent+"  ")
		}
	case []any:
		for _, item := range v {
			if m, ok := item.(map[string]any); ok && len(m) > 0 {
				// The first key stands beside the dash.
				text := yamlText(m, indent+"  ")
				b.WriteString(indent + "- " + strings.TrimPrefix(text, indent+"  "))
				continue
			}
			yamlItem(&b, indent+"-", item, indent, indent+"  ")
		}
	default:
		b.WriteString(indent + yamlScalar(v) + "\n")
	}
	return b.String()
}

func yamlItem(b *strings.Builder, head string, v any, same, deeper string) {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 {
			b.WriteString(head + " {}\n")
			return
		}
		b.WriteString(head + "\n" + yamlText(v, deeper))
	case []any:
		if len(v) == 0 {
			b.WriteString(head + " []\n")
			return
		}
		b.WriteString(head + "\n" + yamlText(v, same)) // PyYAML does not indent a list in a map
	default:
		b.WriteString(head + " " + yamlScalar(v) + "\n")
	}
}

// pair is a key and its value, in the order in which they are printed.
type pair struct {
	key   string
	value any
}

// pythonJSON is json.dumps of an object: a blank after each comma and colon.
func pythonJSON(v any) string {
	switch v := v.(type) {
	case []pair:
		parts := make([]string, len(v))
		for i, p := range v {
			parts[i] = pythonJSON(p.key) + ": " + pythonJSON(p.value)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case map[string]any:
		var parts []pair
		for _, k := range sortedKeys(v) {
			parts = append(parts, pair{k, v[k]})
		}
		return pythonJSON(parts)
	case []any:
		parts := make([]string, len(v))
		for i, item := range v {
			parts[i] = pythonJSON(item)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	b, err := json.Marshal(v)
	if err != nil {
		return "null"
	}
	return string(b)
}
