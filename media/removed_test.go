package media_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
)

// An image that is removed while it is processed leaves no file, and nothing that looks like a fault.
func TestProcessOfARemovedImage(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		method, key string
		// rows is how many are left of the image when the worker goes on.
		rows int64
	}{
		"read, row gone":      {"Open", "originals/", 0},
		"read, row there":     {"Open", "originals/", 1},
		"rendered, row gone":  {"Put", "images/", 0},
		"rendered, row there": {"Put", "images/", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStudio(t)
			id := s.upload(photo(t, 400, 300, 0))[0]
			s.beforeFirst(tt.method, tt.key, func() {
				if tt.rows == 0 {
					s.admin.Do("DELETE", fmt.Sprintf("/images/%d", id), nil).Want(204)
					s.until("the end of the row", func() bool { return s.number("SELECT count(*) FROM images") == 0 })
					return
				}
				s.exec("UPDATE images SET hotel_id = NULL, removed_at = now() WHERE id = $1", id)
				if err := os.Remove(s.path(s.keys("originals/")[0])); err != nil {
					t.Error(err)
				}
			})
			s.work()
			s.until("the end of all jobs", func() bool { return s.number("SELECT count(*) FROM river_job WHERE state <> 'completed'") == 0 })
			if n := s.number("SELECT count(*) FROM river_job WHERE cardinality(errors) > 0"); n != 0 {
				t.Errorf("%d jobs failed on the way, want none", n)
			}
			if n := s.metric("images_processed_total"); n != 0 {
				t.Errorf("%v images are counted as processed, want none", n)
			}
			if keys := s.keys(""); len(keys) != 0 {
				t.Errorf("files %v, want none", keys)
			}
			if n := s.number("SELECT count(*) FROM images"); n != tt.rows {
				t.Errorf("%d rows, want %d", n, tt.rows)
			}
		})
	}
}

// beforeFirst calls do before the store is first asked for something of a kind.
func (s *studio) beforeFirst(method, prefix string, do func()) {
	var once sync.Once
	s.store.fail(func(_ context.Context, m, key string) error {
		if m == method && strings.HasPrefix(key, prefix) {
			once.Do(do)
		}
		return nil
	})
}
