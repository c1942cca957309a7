package remote

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/kevinburke/ssh_config"
)

// includeDepth is how deep files of ssh_config may include each other; OpenSSH's limit.
const includeDepth = 16

// sshConfig is what ssh_config says about one host, for one reading of the file. As in ssh, the first value wins.
type sshConfig struct {
	alias, home, localUser string
	// files are where relative Include paths start: the folder of the first file, which is ~/.ssh for the usual one.
	files  string
	values map[string][]string
}

// readSSHConfig evaluates a file for the name that would be typed after ssh. No path and no file are no settings. What
// cannot be evaluated here (Match exec, canonical, final and unknown criteria) does not match; unknown keywords are kept and
// never asked for.
func readSSHConfig(path, alias, home, localUser string) (*sshConfig, error) {
	c := &sshConfig{alias: alias, home: home, localUser: localUser, files: filepath.Dir(path), values: map[string][]string{}}
	if path == "" {
		return c, nil
	}
	return c, c.read(path, true, 0)
}

// first is the value of a keyword, empty when there is none.
func (c *sshConfig) first(keyword string) string {
	if v := c.values[keyword]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// read evaluates a file; active is whether the section that included it matches.
func (c *sshConfig) read(path string, active bool, depth int) error {
	if depth > includeDepth {
		return fmt.Errorf("ssh_config %s: included more than %d deep", path, includeDepth)
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("ssh_config: %w", err)
	}
	outer := active
	for i, line := range strings.Split(string(text), "\n") {
		keyword, args, err := configLine(line)
		if err != nil {
			return fmt.Errorf("ssh_config %s:%d: %w", path, i+1, err)
		}
		switch keyword {
		case "":
		case "host":
			active = outer && c.patterns(args, c.alias)
		case "match":
			active = outer && c.match(args)
		case "include":
			if err := c.include(args, active, depth); err != nil {
				return err
			}
		default:
			if active && len(args) > 0 {
				c.take(keyword, args)
			}
		}
	}
	return nil
}

// take keeps a value. Key files add up; of everything else the first stays.
func (c *sshConfig) take(keyword string, args []string) {
	switch keyword {
	case "identityfile":
		c.values[keyword] = append(c.values[keyword], args[0])
	case "userknownhostsfile", "globalknownhostsfile":
		if c.values[keyword] == nil {
			c.values[keyword] = args
		}
	default:
		if c.values[keyword] == nil {
			c.values[keyword] = []string{strings.Join(args, " ")}
		}
	}
}

func (c *sshConfig) include(globs []string, active bool, depth int) error {
	for _, g := range globs {
		switch {
		case strings.HasPrefix(g, "~/"):
			g = filepath.Join(c.home, g[2:])
		case !filepath.IsAbs(g):
			g = filepath.Join(c.files, g)
		}
		paths, err := filepath.Glob(g)
		if err != nil {
			return fmt.Errorf("ssh_config: Include %s: %w", g, err)
		}
		for _, p := range paths {
			if err := c.read(p, active, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// match evaluates the criteria of a Match line; all must hold.
func (c *sshConfig) match(args []string) bool {
	for len(args) > 0 {
		name, not := strings.CutPrefix(strings.ToLower(args[0]), "!")
		if name == "all" {
			if not {
				return false
			}
			args = args[1:]
			continue
		}
		if len(args) < 2 {
			return false
		}
		var subject string
		switch name {
		case "originalhost":
			subject = c.alias
		case "host":
			subject = c.hostName()
		case "user":
			if subject = c.first("user"); subject == "" {
				subject = c.localUser
			}
		case "localuser":
			subject = c.localUser
		default:
			return false
		}
		if c.patterns(strings.Split(args[1], ","), subject) == not {
			return false
		}
		args = args[2:]
	}
	return true
}

// patterns says whether a list of patterns, some negated, matches.
func (c *sshConfig) patterns(list []string, subject string) bool {
	var h ssh_config.Host
	for _, s := range list {
		p, err := ssh_config.NewPattern(s)
		if err != nil {
			return false
		}
		h.Patterns = append(h.Patterns, p)
	}
	return h.Matches(subject)
}

// hostName is the name that is really connected to.
func (c *sshConfig) hostName() string {
	if h := c.first("hostname"); h != "" {
		return strings.NewReplacer("%%", "%", "%h", c.alias).Replace(h)
	}
	return c.alias
}

// expand puts in what ssh's tokens stand for in a file's name.
func (c *sshConfig) expand(path, host, user string, port int) string {
	if path == "~" || strings.HasPrefix(path, "~/") {
		path = c.home + path[1:]
	}
	path = strings.NewReplacer("%%", "%", "%d", c.home, "%h", host, "%n", c.alias, "%r", user, "%u", c.localUser,
		"%p", fmt.Sprint(port)).Replace(path)
	if !filepath.IsAbs(path) {
		path = filepath.Join(c.files, path)
	}
	return path
}

// configLine splits a line into its keyword, in lower case, and arguments, which may be quoted.
func configLine(line string) (keyword string, args []string, err error) {
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '#' {
		return "", nil, nil
	}
	end := strings.IndexAny(line, " \t=")
	if end < 0 {
		return strings.ToLower(line), nil, nil
	}
	keyword = strings.ToLower(line[:end])
	rest := strings.TrimLeft(line[end:], " \t")
	rest = strings.TrimPrefix(rest, "=")
	var word strings.Builder
	quote, inWord := rune(0), false
	for _, r := range rest {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote, inWord = r, true
		case quote == 0 && (r == ' ' || r == '\t'):
			if inWord {
				args = append(args, word.String())
				word.Reset()
				inWord = false
			}
		case quote == 0 && r == '#' && !inWord:
			return keyword, args, nil
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if quote != 0 {
		return "", nil, errors.New("a quotation mark is not closed")
	}
	if inWord {
		args = append(args, word.String())
	}
	return keyword, args, nil
}
