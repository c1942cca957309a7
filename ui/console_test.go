package ui

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"recon/internal/inventory"
	"recon/probes"
	"recon/probes/probestest"
	"recon/runbooks"
)

// desk is a console under a test's hands: the event loop of the program without a terminal. It lives in a synctest bubble,
// so that time is the test's.
type desk struct {
	t     *testing.T
	c     *console
	w     *walker
	eyes  *probestest.Eyes
	walks *fakeWalks
	msgs  chan tea.Msg
	began time.Time
	quit  bool
	jobs  *jobs
}

// at runs a test with a console of this size, on a State.
func at(t *testing.T, width, height int, s *probes.State, f func(d *desk)) {
	t.Helper()
	atOptions(t, width, height, s, nil, f)
}

// atOptions is at, with other options.
func atOptions(t *testing.T, width, height int, s *probes.State, change func(*Options), f func(d *desk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := open(t, width, height, s, change)
		defer func() {
			if !d.jobs.end(time.Minute) {
				t.Error("a job did not end")
			}
			time.Sleep(time.Minute) // the last ticks end
		}()
		f(d)
	})
}

func open(t *testing.T, width, height int, s *probes.State, change func(*Options)) *desk {
	t.Helper()
	d := &desk{t: t, eyes: probestest.Static(s), msgs: make(chan tea.Msg, 100_000), began: time.Now(), walks: &fakeWalks{}}
	d.jobs = newJobs(t.Context())
	o := Options{
		Cluster: probestest.Inventory(), Operator: "anna", Host: "bastion", Eyes: d.eyes, Walks: d.walks, Now: d.now,
		Library: shelf(t), Theme: &Theme{},
	}
	o.Cluster.Name, o.Cluster.Environment = "netbox-prod", inventory.Production
	o.Cluster.Keepalived = nil // the States of the spine have none
	if change != nil {
		change(&o)
	}
	d.c, d.w = assemble(o, d.jobs)
	d.run(d.c.Init())
	d.send(tea.WindowSizeMsg{Width: width, Height: height})
	d.wait(100 * time.Millisecond)
	return d
}

// now is the moment of the ready-made States and what passed since.
func (d *desk) now() time.Time { return probestest.At().Add(time.Since(d.began)) }

// run starts a command, as the program does.
func (d *desk) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	go func() {
		if msg := cmd(); msg != nil {
			d.msgs <- msg
		}
	}()
}

// send gives the console a message, and all that comes of it at once.
func (d *desk) send(msg tea.Msg) {
	d.t.Helper()
	d.take(msg)
	d.settle()
}

func (d *desk) take(msg tea.Msg) {
	switch m := msg.(type) {
	case tea.BatchMsg:
		for _, cmd := range m {
			d.run(cmd)
		}
		return
	case tea.QuitMsg:
		d.quit = true
		return
	}
	_, cmd := d.c.Update(msg)
	d.run(cmd)
	d.c.View()
}

func (d *desk) settle() {
	for {
		synctest.Wait()
		select {
		case msg := <-d.msgs:
			d.take(msg)
		default:
			return
		}
	}
}

// wait lets time pass.
func (d *desk) wait(t time.Duration) {
	for end := time.After(t); ; {
		select {
		case msg := <-d.msgs:
			d.take(msg)
		case <-end:
			d.settle()
			return
		}
	}
}

// key presses keys by their names, with a pause of a person after each: long enough for every dialog to be awake.
func (d *desk) key(names ...string) {
	d.t.Helper()
	for _, n := range names {
		d.press(n)
		d.wait(700 * time.Millisecond)
	}
}

// press presses one key now.
func (d *desk) press(name string) {
	d.t.Helper()
	d.send(stamped{d.now(), press(name)})
}

// typed types a text with a tenth of a second between the keys.
func (d *desk) typed(text string) {
	d.t.Helper()
	for _, r := range text {
		d.press(string(r))
		d.wait(100 * time.Millisecond)
	}
}

func press(name string) tea.KeyPressMsg {
	codes := map[string]rune{
		"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft,
		"right": tea.KeyRight, "backspace": tea.KeyBackspace, "pgdown": tea.KeyPgDown, "pgup": tea.KeyPgUp, "end": tea.KeyEnd, "home": tea.KeyHome,
	}
	if code, ok := codes[name]; ok {
		return tea.KeyPressMsg{Code: code}
	}
	if rest, ok := strings.CutPrefix(name, "ctrl+"); ok {
		return tea.KeyPressMsg{Code: rune(rest[0]), Mod: tea.ModCtrl}
	}
	return tea.KeyPressMsg{Code: []rune(name)[0], Text: name}
}

// see shows another State.
func (d *desk) see(s *probes.State) {
	d.t.Helper()
	s.At = d.now()
	d.eyes.Set(s)
	d.send(stateMsg{d.eyes.State()})
}

func (d *desk) text() string { return d.c.content() }

// shows fails unless all words are on the screen.
func (d *desk) shows(words ...string) {
	d.t.Helper()
	for _, w := range words {
		if !strings.Contains(d.text(), w) {
			d.t.Fatalf("%q is not on the screen:\n%s", w, d.text())
		}
	}
}

// hides fails if one of the words is on the screen.
func (d *desk) hides(words ...string) {
	d.t.Helper()
	for _, w := range words {
		if strings.Contains(d.text(), w) {
			d.t.Fatalf("%q is on the screen:\n%s", w, d.text())
		}
	}
}

// fits fails unless the screen has exactly the terminal's lines and none is too wide.
func (d *desk) fits() {
	d.t.Helper()
	lines := strings.Split(d.text(), "\n")
	if len(lines) != d.c.height {
		d.t.Fatalf("%d lines on a terminal of %d:\n%s", len(lines), d.c.height, d.text())
	}
	for i, l := range lines {
		if w := ansi.StringWidth(l); w > d.c.width {
			d.t.Fatalf("line %d has %d cells on a terminal of %d: %q", i+1, w, d.c.width, l)
		}
	}
}

// shelf is the library of the tests: only their own books, so that a golden does not change with the library.
func shelf(t *testing.T) *runbooks.Library {
	t.Helper()
	lib, err := loadShelf()
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

var loadShelf = sync.OnceValues(func() (*runbooks.Library, error) {
	lib, err := runbooks.Load(probes.Scope(probestest.Inventory()), "testdata/books")
	if err != nil {
		return nil, err
	}
	return ownOf(lib), nil
})

// ownOf is the library without the books that recon ships.
func ownOf(lib *runbooks.Library) *runbooks.Library {
	own := slices.DeleteFunc(lib.Books, func(b *runbooks.Runbook) bool { return b.Origin != runbooks.FromOwn })
	return &runbooks.Library{Books: own, Guards: lib.Guards}
}

func book(t *testing.T, id string) *runbooks.Runbook {
	t.Helper()
	b, ok := shelf(t).Book(id)
	if !ok {
		t.Fatalf("no book %s in testdata/books", id)
	}
	return b
}

func sized(s [2]int) tea.WindowSizeMsg { return tea.WindowSizeMsg{Width: s[0], Height: s[1]} }

// atCluster is at, with another cluster file.
func atCluster(t *testing.T, width, height int, s *probes.State, inv *inventory.Cluster, f func(d *desk)) {
	t.Helper()
	atOptions(t, width, height, s, func(o *Options) { o.Cluster = inv }, f)
}
