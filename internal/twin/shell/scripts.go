package shell

import (
	"strings"
	"sync"

	"mvdan.cc/sh/v3/syntax"
)

// mostScripts is how many scripts a host remembers, longestScript how many bytes each of them may have.
const (
	mostScripts   = 256
	longestScript = 64 << 10
)

// scripts are those that were read lately, because who looks after a host sends it the same ones again and again. Nobody
// changes a tree once it is parsed.
type scripts struct {
	mu  sync.Mutex
	all map[script]*syntax.File
}

type script struct {
	lang       syntax.LangVariant
	name, text string
}

func (r *scripts) parse(lang syntax.LangVariant, name, text string) (*syntax.File, error) {
	key := script{lang, name, text}
	r.mu.Lock()
	file := r.all[key]
	r.mu.Unlock()
	if file != nil {
		return file, nil
	}
	file, err := syntax.NewParser(syntax.Variant(lang)).Parse(strings.NewReader(text), name)
	if err != nil || len(text) > longestScript {
		return file, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all == nil || len(r.all) >= mostScripts {
		r.all = map[script]*syntax.File{}
	}
	r.all[key] = file
	return file, nil
}
