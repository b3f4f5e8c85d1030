package demo_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/catalog/world"
	"github.com/shumbooking/shumbooking/cmd/booking/internal/demo"
)

func loadWorld(tb testing.TB) *world.World {
	tb.Helper()
	w, err := world.Load()
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

func TestShareGivesEveryHotelACity(t *testing.T) {
	t.Parallel()
	w := loadWorld(t)
	for _, n := range []int{1, 2, 7, 33, 1000, 12345, 100_000} {
		sum := 0
		counts := demo.Share(w.Cities, n)
		if paris := slices.IndexFunc(w.Cities, func(c world.City) bool { return c.Name == "Paris" }); counts[paris] == 0 {
			t.Errorf("share(%d) gives Paris no hotel, where the demo manager has some", n)
		}
		for i, count := range counts {
			if count < 0 {
				t.Fatalf("share(%d) gives %s %d hotels", n, w.Cities[i].Name, count)
			}
			sum += count
		}
		if sum != n {
			t.Errorf("share(%d) gives away %d hotels", n, sum)
		}
	}
}

// The benchmarks search a city of about 100 and one of about 3,000 hotels.
func TestShareOfHundredThousand(t *testing.T) {
	t.Parallel()
	w := loadWorld(t)
	counts := demo.Share(w.Cities, 100_000)
	largest := slices.Max(counts)
	if at := w.Cities[slices.Index(counts, largest)].Name; at != "Paris" || largest < 2900 || largest > 3200 {
		t.Errorf("the largest is %s with %d hotels, want Paris with about 3000", at, largest)
	}
	if !slices.ContainsFunc(counts, func(n int) bool { return n > 95 && n < 105 }) {
		t.Error("no city has about 100 hotels")
	}
	if with := len(counts) - countOf(counts, 0); with < 10_000 {
		t.Errorf("%d cities have a hotel, want most of the larger ones", with)
	}
}

func countOf(list []int, value int) int {
	n := 0
	for _, v := range list {
		if v == value {
			n++
		}
	}
	return n
}

func TestDestinationsExist(t *testing.T) {
	t.Parallel()
	exists := make(map[string]bool)
	for _, c := range loadWorld(t).Cities {
		exists[c.CountryCode+"/"+c.Name] = true
	}
	for _, name := range demo.Destinations() {
		if !exists[name] {
			t.Errorf("there is no city %s", name)
		}
	}
}

func TestTitlesAreUniqueInACity(t *testing.T) {
	t.Parallel()
	w := loadWorld(t)
	// Golden is a city, and an adjective of the titles. The numbers are beyond
	// the point where all words are used up.
	const hotels = 20_000
	for _, want := range []string{"FR/Paris", "RU/Moscow", "US/Golden", "TR/Istanbul", "SG/Singapore"} {
		at := slices.IndexFunc(w.Cities, func(c world.City) bool { return c.CountryCode+"/"+c.Name == want })
		if at < 0 {
			t.Fatalf("there is no city %s", want)
		}
		met := make(map[string]int, hotels)
		for n := range hotels {
			title := strings.ToLower(demo.Title(&w.Cities[at], int64(at)+1, n))
			if first, again := met[title]; again {
				t.Fatalf("hotels %d and %d of %s are both named %q", first, n, want, title)
			}
			met[title] = n
		}
	}
}

func TestTitlesFit(t *testing.T) {
	t.Parallel()
	w := loadWorld(t)
	for i := range w.Cities {
		for n := range 12 {
			if title := demo.Title(&w.Cities[i], int64(i)+1, n); len(title) > 100 {
				t.Errorf("title %q has %d bytes, want at most 100", title, len(title))
			}
		}
	}
}

func TestPrices(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		currency  string
		low, high int64 // minor units, for what costs 83 euros in the euro area
	}{
		{"EUR", 80_00, 85_00},
		{"RUB", 3_500_00, 6_000_00},
		{"JPY", 9_000, 15_000},
		{"KWD", 25_000, 40_000},
		{"IDR", 400_000_00, 900_000_00},
		{"USD", 90_00, 130_00},
		{"XYZ", 100_00, 2_000_00},
	} {
		t.Run(test.currency, func(t *testing.T) {
			t.Parallel()
			if got := demo.Price(test.currency, 83); got < test.low || got > test.high {
				t.Errorf("price = %d, want %d to %d", got, test.low, test.high)
			}
		})
	}
}

func TestPricesAreRound(t *testing.T) {
	t.Parallel()
	for euros := 20.0; euros < 900; euros *= 1.07 {
		price := fmt.Sprint(demo.Price("JPY", euros))
		if digits := strings.TrimRight(price, "0"); len(digits) > 3 {
			t.Errorf("%s yen is not a round price", price)
		}
	}
}
