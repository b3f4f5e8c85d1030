package performance_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A calendar is the first days of eleven months, of which stays begin on one of the first 26 days. pgbench can reckon
// with numbers alone, and PostgreSQL reads 20270314 as a date.
type calendar []time.Time

const (
	months       = 11
	daysOfMonth  = 26
	nightsOfStay = 2
)

// newCalendar begins with the first month that is so many days ahead.
func newCalendar(daysAhead int) calendar {
	first := time.Now().UTC().AddDate(0, 0, daysAhead)
	first = time.Date(first.Year(), first.Month()+1, 1, 0, 0, 0, 0, time.UTC)
	var c calendar
	for i := range months {
		c = append(c, first.AddDate(0, i, 0))
	}
	return c
}

// stay returns the n-th stay.
func (c calendar) stay(n int) (from, to time.Time) {
	from = c[n/daysOfMonth%len(c)].AddDate(0, 0, n%daysOfMonth)
	return from, from.AddDate(0, 0, nightsOfStay)
}

// choose has the script choose a stay.
func (c calendar) choose(s *script) {
	fmt.Fprintf(&s.text, "\\set month random(0, %d)\n\\set base case", len(c)-1)
	for i, first := range c {
		fmt.Fprintf(&s.text, " when :month = %d then %s", i, first.Format("20060102"))
	}
	fmt.Fprintf(&s.text, " end\n\\set from :base + random(0, %d)\n\\set to :from + %d\n", daysOfMonth-1, nightsOfStay)
}

// searchMonths is how far ahead the first stay of searches is: they are within the season of the demo data.
const daysToSearch = 1

// search returns a stream of searches in a city, by guests who are signed in.
func (r *rig) search(city int64, tokens []string) stream {
	c := newCalendar(daysToSearch)
	return stream{
		address: r.address, clients: clients, time: *round, want: []int{http.StatusOK},
		request: func(buf []byte, client, _ int) []byte {
			from, to := c.stay(rand.IntN(3 * daysOfMonth))
			return appendGet(buf, searchPath(city, from, to), tokens[client*guestsPerClient])
		},
	}
}

func searchPath(city int64, from, to time.Time) string {
	return fmt.Sprintf("/hotels/available?city_id=%d&date_from=%s&date_to=%s&guests=2",
		city, from.Format(time.DateOnly), to.Format(time.DateOnly))
}

// bareSearch returns the statements of a search as a script.
func (r *rig) bareSearch(city int64, tokens []string) *script {
	r.tb.Helper()
	c := newCalendar(daysToSearch)
	from, to := c.stay(0)
	l := r.dial()
	request := appendGet(nil, searchPath(city, from, to), tokens[0])
	statements := witness(r.tb, r.db, r.logFile, func() {
		if status, err := l.ask(request); err != nil || status != http.StatusOK {
			r.tb.Fatalf("a search is answered with %d %v", status, err)
		}
	})
	const walkAndPage = 6
	if len(statements) != walkAndPage {
		r.tb.Fatalf("a search sends %d statements, want %d: %v", len(statements), walkAndPage, statements)
	}
	s := &script{variables: map[string]string{
		fmt.Sprint(city): "city", from.Format(time.DateOnly): "from", to.Format(time.DateOnly): "to",
	}}
	s.constants = append(s.constants, fmt.Sprint("city=", city))
	c[:3].choose(s)
	// What the second round trip asks for is what the first has found.
	walk, page := statements[0], statements[1:]
	walk.sql = "WITH walk AS MATERIALIZED (" + strings.TrimSpace(walk.sql) + `)
SELECT (SELECT array_agg(hotel_id) FROM (SELECT hotel_id FROM walk LIMIT 20) AS first) AS hotels,
	(SELECT array_agg(room) FROM (SELECT rooms FROM walk LIMIT 20) AS first, unnest(rooms) AS room) AS rooms`
	s.add(walk, " \\gset")
	s.variables[*page[0].args[0]] = "hotels"
	s.variables[*page[1].args[0]] = "rooms"
	s.pipeline(page)
	return s
}

// cityOf returns the city whose number of hotels is next to n.
func (r *rig) cityOf(n int) int64 {
	return r.one("SELECT city_id FROM hotels GROUP BY city_id ORDER BY abs(count(*) - $1), city_id LIMIT 1", n)
}

// BenchmarkSearch compares a search in a city of about a hundred hotels with its statements through pgbench.
func BenchmarkSearch(b *testing.B) {
	for _, way := range places() {
		b.Run(way.name, func(b *testing.B) {
			r := newRig(b, *hotels, way.cores)
			tokens := r.guests()
			city := r.cityOf(100)
			r.against(b, comparison{http: r.search(city, tokens), sql: r.bareSearch(city, tokens)})
		})
	}
}
