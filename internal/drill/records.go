package drill

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Record is the best run of a drill: the one with the higher score, and of two with the same the faster one.
type Record struct {
	// Time is how long it took to recover, as text ("5m12s") in the file.
	Time  time.Duration `json:"-"`
	Score int           `json:"score"`
	At    time.Time     `json:"at"`
}

// MarshalJSON writes the time as people read it.
func (r Record) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Time  string    `json:"time"`
		Score int       `json:"score"`
		At    time.Time `json:"at"`
	}{r.Time.Round(time.Second).String(), r.Score, r.At})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (r *Record) UnmarshalJSON(b []byte) error {
	var k struct {
		Time  string    `json:"time"`
		Score int       `json:"score"`
		At    time.Time `json:"at"`
	}
	if err := json.Unmarshal(b, &k); err != nil {
		return err
	}
	d, err := time.ParseDuration(k.Time)
	if err != nil {
		return err
	}
	*r = Record{d, k.Score, k.At}
	return nil
}

func (r Record) better(than Record) bool {
	return r.Score > than.Score || r.Score == than.Score && r.Time < than.Time
}

// recordsFile is the whole file.
type recordsFile struct {
	Format int               `json:"format"`
	Drills map[string]Record `json:"drills"`
}

// Records reads the best runs by the drills' ids. A file that is not there holds none.
func Records(file string) (map[string]Record, error) {
	src, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]Record{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the best times of the drills: %w", err)
	}
	var f recordsFile
	if err := json.Unmarshal(src, &f); err != nil {
		return nil, fmt.Errorf("the best times of the drills in %s cannot be read: %w; move the file aside to begin anew", file, err)
	}
	if f.Format != 1 {
		return nil, fmt.Errorf("the best times of the drills in %s have format %d, this recon reads format 1", file, f.Format)
	}
	if f.Drills == nil {
		f.Drills = map[string]Record{}
	}
	return f.Drills, nil
}

// Keep writes a run down if it is the best one, and returns the best one. The file is replaced as a whole: whoever reads it,
// or cuts the power, finds the old one or the new one.
func Keep(file, drill string, r Record) (best Record, err error) {
	all, err := Records(file)
	if err != nil {
		return r, err
	}
	if old, ok := all[drill]; ok && !r.better(old) {
		return old, nil
	}
	all[drill] = r
	out, err := json.MarshalIndent(recordsFile{1, all}, "", "  ")
	if err != nil {
		return r, err
	}
	if err := replace(file, append(out, '\n')); err != nil {
		return r, fmt.Errorf("keep the best time of %s: %w", drill, err)
	}
	return r, nil
}

func replace(file string, text []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name()) // it is nobody's any more
		}
	}()
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}
