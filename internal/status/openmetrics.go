package status

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// family is the samples of one metric. All are gauges: the collector that reads them knows neither info nor stateset, and
// nothing here counts from the start of a process.
type family struct {
	name, unit, help string
	samples          []string
	known            map[string]bool
}

// metrics are families in the order in which they were first used.
type metrics struct {
	families []*family
	byName   map[string]*family
	// base are the labels of every sample.
	base []string
}

// add adds a sample; labels are name, value, name, value. A name ends with its unit. What is not finite is no number that
// was seen, and is left out, as is a second sample with the same labels.
func (m *metrics) add(name, unit, help string, value float64, labels ...string) {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return
	}
	f := m.byName[name]
	if f == nil {
		f = &family{name: name, unit: unit, help: help, known: map[string]bool{}}
		m.byName[name] = f
		m.families = append(m.families, f)
	}
	var pairs []string
	for i, all := 0, append(append([]string{}, m.base...), labels...); i+1 < len(all); i += 2 {
		pairs = append(pairs, all[i]+`="`+escaped(all[i+1])+`"`)
	}
	key := strings.Join(pairs, ",")
	if f.known[key] {
		return
	}
	f.known[key] = true
	f.samples = append(f.samples, name+"{"+key+"} "+strconv.FormatFloat(value, 'g', -1, 64))
}

// yes adds 1 or 0.
func (m *metrics) yes(name, help string, value bool, labels ...string) {
	n := 0.0
	if value {
		n = 1
	}
	m.add(name, "", help, n, labels...)
}

// escaped is a label's value or a help text as OpenMetrics writes it.
func escaped(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(strings.ToValidUTF8(s, "?"))
}

func (m *metrics) write(w io.Writer) error {
	b := bufio.NewWriter(w)
	for _, f := range m.families {
		fmt.Fprintf(b, "# TYPE %s gauge\n", f.name)
		if f.unit != "" {
			fmt.Fprintf(b, "# UNIT %s %s\n", f.name, f.unit)
		}
		fmt.Fprintf(b, "# HELP %s %s\n", f.name, escaped(f.help))
		for _, s := range f.samples {
			fmt.Fprintln(b, s)
		}
	}
	fmt.Fprintln(b, "# EOF")
	return b.Flush()
}

// WriteFile writes the metrics for a textfile collector: into a new file beside path, which takes its place when it is
// complete, so that a collector never reads half of them. The file may be read by everybody.
func (r *Report) WriteFile(path string) (err error) {
	dir, name := filepath.Split(path)
	// The collector reads what ends with .prom, so the new file does not.
	f, err := os.CreateTemp(said(dir, "."), "."+name+".*.new")
	if err != nil {
		return fmt.Errorf("the metrics cannot be written beside %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("the metrics cannot be written to %s: %w", path, err), os.Remove(f.Name()))
		}
	}()
	err = r.Metrics(f)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
