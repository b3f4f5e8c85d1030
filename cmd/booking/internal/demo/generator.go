package demo

import (
	"context"
	"runtime"
	"sync"
)

// A generator makes up hotels. It is read by several goroutines at once.
type generator struct {
	places     []place
	sites      []site
	pricers    map[string]pricer // by currency
	calendar   *calendar
	firstGuest int64 // the id of the first user who travels
	guests     int   // how many of them there are
}

// batchHotels are made and copied at a time: enough to make a COPY worth its
// round trip, few enough to keep every core busy on a small load.
const batchHotels = 250

// each calls use with all hotels in the order of their ids, encoded by a
// goroutine per core. It stops at the first error and when ctx ends.
//
// The ids of rooms and bookings count up through all hotels, while a batch only
// knows how many it has once it made them up. So every batch waits for the ids
// where its predecessor ends, and passes on where it ends itself, between making
// up and encoding: both run in parallel.
func (g *generator) each(ctx context.Context, use func(*batch) error) error {
	ctx, cancel := context.WithCancel(ctx)
	var workers sync.WaitGroup
	defer workers.Wait()
	defer cancel()
	queue := make(chan chan *batch, runtime.GOMAXPROCS(0))
	workers.Go(func() {
		defer close(queue)
		start := make(chan ids, 1)
		start <- ids{room: 1, booking: 1}
		for from := 0; from < len(g.sites); from += batchHotels {
			made, end := make(chan *batch, 1), make(chan ids, 1)
			select {
			case queue <- made:
			case <-ctx.Done():
				return
			}
			begin := start
			workers.Go(func() { made <- g.batch(from, begin, end) })
			start = end
		}
	})
	for made := range queue {
		if err := use(<-made); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// batch makes up the hotels from the one given and encodes them.
func (g *generator) batch(from int, start <-chan ids, end chan<- ids) *batch {
	hotels := make([]*hotel, 0, batchHotels)
	var total ids
	for n := from; n < min(from+batchHotels, len(g.sites)); n++ {
		h := g.hotel(n)
		hotels = append(hotels, h)
		total.room += int64(len(h.rooms))
		total.booking += int64(len(h.stays))
	}
	next := <-start
	end <- ids{room: next.room + total.room, booking: next.booking + total.booking}
	b := &batch{}
	for _, h := range hotels {
		b.add(g.calendar, h, &next)
	}
	return b
}
