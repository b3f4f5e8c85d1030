package world_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zones must load wherever the program runs
	"unicode/utf8"

	"golang.org/x/text/currency"
	"golang.org/x/text/unicode/norm"

	"github.com/shumbooking/shumbooking/catalog/world"
)

func load(t *testing.T) *world.World {
	t.Helper()
	w, err := world.Load()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func find(w *world.World, country, name string) []world.City {
	var found []world.City
	for _, c := range w.Cities {
		if c.CountryCode == country && c.Name == name {
			found = append(found, c)
		}
	}
	return found
}

func TestLoadCounts(t *testing.T) {
	t.Parallel()

	w := load(t)
	if got, want := len(w.Countries), 249; got != want {
		t.Errorf("got %d countries, want %d", got, want)
	}
	if got, want := len(w.Cities), 30_000; got <= want {
		t.Errorf("got %d cities, want more than %d", got, want)
	}
	if got, want := len(w.Cities)+w.LeftOut, 33_985; got != want {
		t.Errorf("got %d cities kept and left out, want the %d rows of the file", got, want)
	}
	if got, want := w.LeftOut, 136; got != want {
		t.Errorf("got %d cities left out, want the %d of the file that have a larger namesake", got, want)
	}
	named := 0
	for _, c := range w.Cities {
		if c.Region != "" {
			named++
		}
	}
	if got, want := named, 27_000; got <= want {
		t.Errorf("got %d cities with a region, want more than %d", got, want)
	}
}

func TestLoadCountries(t *testing.T) {
	t.Parallel()

	w := load(t)
	names := make(map[string]bool)
	for _, c := range w.Countries {
		if len(c.ISOCode) != 2 || strings.Trim(c.ISOCode, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			t.Errorf("%s: got code %q, want two capital letters", c.Name, c.ISOCode)
		}
		if !tidy(c.Name) || utf8.RuneCountInString(c.Name) > 100 {
			t.Errorf("%s: got name %q, want it trimmed, in NFC and of at most 100 characters", c.ISOCode, c.Name)
		}
		if key := world.Fold(c.Name); names[key] {
			t.Errorf("%s: got a second country named %q", c.ISOCode, c.Name)
		} else {
			names[key] = true
		}
		if !validCurrency(c.Currency) {
			t.Errorf("%s: got currency %q, want one of ISO 4217", c.Name, c.Currency)
		}
	}
	for _, code := range []string{"AN", "CS", "XK"} {
		if slices.ContainsFunc(w.Countries, func(c world.Country) bool { return c.ISOCode == code }) {
			t.Errorf("got country %s, want only codes of ISO 3166-1", code)
		}
	}
}

// validCurrency also takes the codes that ISO 4217 has gained since the tables
// of golang.org/x/text were made.
func validCurrency(code string) bool {
	if _, err := currency.ParseISO(code); err == nil {
		return true
	}
	switch code {
	case "MRU", // ouguiya, 2018
		"SLE", // leone, 2022
		"VES", // bolívar soberano, 2018
		"XCG", // Caribbean guilder, 2025
		"ZWG": // Zimbabwe Gold, 2024
		return true
	}
	return false
}

func tidy(s string) bool {
	return s != "" && strings.Join(strings.Fields(s), " ") == s && norm.NFC.IsNormalString(s)
}

func TestLoadCurrencies(t *testing.T) {
	t.Parallel()

	currencies := make(map[string]string)
	for _, c := range load(t).Countries {
		currencies[c.ISOCode] = c.Currency
	}
	for code, want := range map[string]string{
		"AQ": "USD", "BG": "EUR", "CH": "CHF", "DE": "EUR", "GL": "DKK", "JP": "JPY", "RU": "RUB", "US": "USD",
	} {
		if got := currencies[code]; got != want {
			t.Errorf("%s: got currency %q, want %q", code, got, want)
		}
	}
}

func TestLoadCities(t *testing.T) {
	t.Parallel()

	w := load(t)
	countries := make(map[string]bool)
	for _, c := range w.Countries {
		countries[c.ISOCode] = true
	}
	for _, c := range w.Cities {
		if !countries[c.CountryCode] {
			t.Errorf("%s: got country %q, want a listed one", c.Name, c.CountryCode)
		}
		if !tidy(c.Name) || utf8.RuneCountInString(c.Name) > 100 {
			t.Errorf("got city %q, want it trimmed, in NFC and of at most 100 characters", c.Name)
		}
		if c.Region != "" && !tidy(c.Region) {
			t.Errorf("%s: got region %q, want it trimmed and in NFC", c.Name, c.Region)
		}
		if c.Latitude < -90 || c.Latitude > 90 || c.Longitude < -180 || c.Longitude > 180 {
			t.Errorf("%s: got %g, %g, want degrees", c.Name, c.Latitude, c.Longitude)
		}
		if c.Population < 0 {
			t.Errorf("%s: got population %d, want none below zero", c.Name, c.Population)
		}
	}
}

func TestLoadTimeZones(t *testing.T) {
	t.Parallel()

	zones := make(map[string]bool)
	for _, c := range load(t).Cities {
		zones[c.TimeZone] = true
	}
	if len(zones) < 300 {
		t.Errorf("got %d time zones, want the whole world's", len(zones))
	}
	for zone := range zones {
		if _, err := time.LoadLocation(zone); err != nil {
			t.Errorf("time zone %q: %v", zone, err)
		}
	}
}

func TestLoadOrder(t *testing.T) {
	t.Parallel()

	w := load(t)
	sorted := slices.IsSortedFunc(w.Cities, func(a, b world.City) int {
		return cmp.Or(
			cmp.Compare(b.Population, a.Population),
			cmp.Compare(a.CountryCode, b.CountryCode),
			cmp.Compare(a.Region, b.Region),
			cmp.Compare(a.Name, b.Name),
		)
	})
	if !sorted {
		t.Error("cities are not by population from the largest, then country, region, name")
	}
	if !slices.Equal(w.Cities, load(t).Cities) {
		t.Error("two loads gave different cities")
	}
}

func TestLoadKeepsNoTwins(t *testing.T) {
	t.Parallel()

	seen := make(map[[3]string]bool)
	for _, c := range load(t).Cities {
		key := [3]string{c.CountryCode, world.Fold(c.Region), world.Fold(c.Name)}
		if seen[key] {
			t.Errorf("got a second %s, %s, %s", c.Name, c.Region, c.CountryCode)
		}
		seen[key] = true
	}
}

func TestLoadKnownCities(t *testing.T) {
	t.Parallel()

	w := load(t)
	for _, want := range []world.City{
		{Name: "Moscow", Region: "Moscow", CountryCode: "RU", TimeZone: "Europe/Moscow", Latitude: 55.752, Longitude: 37.6178},
		{Name: "Berlin", Region: "Berlin", CountryCode: "DE", TimeZone: "Europe/Berlin", Latitude: 52.5244, Longitude: 13.4105},
		{Name: "Kazan", Region: "Tatarstan", CountryCode: "RU", TimeZone: "Europe/Moscow", Latitude: 55.7887, Longitude: 49.1221},
	} {
		found := find(w, want.CountryCode, want.Name)
		if len(found) != 1 {
			t.Errorf("%s: got %d cities, want one", want.Name, len(found))
			continue
		}
		got := found[0]
		if got.Population < 1_000_000 {
			t.Errorf("%s: got population %d, want over a million", want.Name, got.Population)
		}
		got.Population = 0
		if got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

func TestLoadKeepsNamesakes(t *testing.T) {
	t.Parallel()

	regions := make(map[string]bool)
	for _, c := range find(load(t), "US", "Springfield") {
		regions[c.Region] = true
	}
	for _, want := range []string{"Illinois", "Missouri", "Massachusetts"} {
		if !regions[want] {
			t.Errorf("got Springfields in %v, want one in %s", regions, want)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := world.Load(); err != nil {
			b.Fatal(err)
		}
	}
}
