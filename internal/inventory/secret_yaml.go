package inventory

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
)

// varsLimit is the size of the largest file with many secrets, in bytes.
const varsLimit = 256 << 10

// readYAMLSecret reads one key of a YAML file that nobody else can read, such as Ansible's vars files. The file, or the value,
// may be encrypted with Ansible Vault: then password is called. No error shows a value, so the YAML reader's own words are not
// passed on.
func readYAMLSecret(path, key string, password func() (string, error)) (string, error) {
	text, err := readPrivate(path, varsLimit)
	if err != nil {
		return "", err
	}
	if IsVault(text) {
		if text, err = openVault(text, password); err != nil {
			return "", fmt.Errorf("%s: %w", path, err)
		}
	}
	value, err := yamlValue(text, key)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	if IsVault([]byte(value)) {
		plain, err := openVault([]byte(value), password)
		if err != nil {
			return "", fmt.Errorf("%s: %s: %w", path, key, err)
		}
		value = string(plain)
	}
	return value, nil
}

func openVault(text []byte, password func() (string, error)) ([]byte, error) {
	word, err := password()
	if err != nil {
		return nil, err
	}
	return DecryptVault(text, word)
}

// yamlValue is the text at a key of the outermost mapping.
func yamlValue(text []byte, key string) (string, error) {
	tokens := lexer.Tokenize(string(text))
	if len(tokens) > tokenLimit {
		return "", fmt.Errorf("it has more than %d words and signs", tokenLimit)
	}
	file, err := parse(tokens)
	if err != nil {
		var e yaml.Error
		if errors.As(err, &e) && e.GetToken() != nil && e.GetToken().Position != nil {
			return "", fmt.Errorf("line %d is not YAML", e.GetToken().Position.Line)
		}
		return "", errors.New("it is not YAML")
	}
	var known []string
	for _, doc := range file.Docs {
		var values []*ast.MappingValueNode
		switch v := doc.Body.(type) {
		case *ast.MappingNode:
			values = v.Values
		case *ast.MappingValueNode:
			values = []*ast.MappingValueNode{v}
		}
		for _, v := range values {
			k, ok := unwrap(v.Key).(*ast.StringNode)
			if !ok {
				continue
			}
			if k.Value == key {
				return yamlText(key, v.Value)
			}
			known = append(known, k.Value)
		}
	}
	hint := ""
	if near := Nearest(key, known); near != "" {
		hint = ", did you mean " + shown(near) + "?"
	}
	return "", fmt.Errorf("it has no key %s%s", key, hint)
}

// yamlText is the text that a value is. Numbers are refused: 0123 and 1e5 are other numbers to each reader of YAML.
func yamlText(key string, n ast.Node) (string, error) {
	switch v := unwrap(n).(type) {
	case *ast.StringNode:
		if strings.Contains(v.Value, "{{") {
			return "", fmt.Errorf("%s is a template of Ansible's, which only Ansible can fill in", key)
		}
		return v.Value, nil
	case *ast.LiteralNode:
		return v.Value.Value, nil
	case *ast.NullNode:
		return "", nil
	default:
		return "", fmt.Errorf("%s is %s and must be text, put it in quotes", key, kind(v))
	}
}
