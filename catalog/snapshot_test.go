package catalog_test

import (
	"sync"
	"testing"

	"github.com/shumbooking/shumbooking/catalog"
)

// TestReadsAreOfOneMoment: a hotel and a room are never seen half changed, though they are read by several statements.
func TestReadsAreOfOneMoment(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.hotel(f.moscow(), "A")
	f.facility("Pool")
	f.facility("Sauna")
	var writer, readers sync.WaitGroup
	done := make(chan struct{})
	writer.Go(func() {
		defer close(done)
		for i := range 600 {
			id := i%2 + 1
			f.admin.Do("PATCH", "/hotels/1", object{"stars": id, "facility_ids": []int{id}}).Want(200)
		}
	})
	for range 3 {
		readers.Go(func() {
			for {
				var h catalog.Hotel
				f.anyone.Do("GET", "/hotels/1", nil).Want(200).Decode(&h)
				if len(h.Facilities) == 1 && h.Facilities[0].ID != int64(h.Stars) || len(h.Facilities) == 0 && h.Stars > 0 {
					t.Errorf("%d stars with facilities %v: of two moments", h.Stars, h.Facilities)
					return
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	writer.Wait()
	readers.Wait()
}
