package world_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/shumbooking/shumbooking/catalog/world"
)

const twoCountries = "DE\tGermany\tEUR\nTR\tTurkey\tTRY\n"

func names(w *world.World) []string {
	var all []string
	for _, c := range w.Cities {
		all = append(all, c.Name)
	}
	return all
}

func TestParseKeepsTheLargest(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name   string
		cities []string
		want   []string
	}{
		{"Alike", []string{"DE\tHesse\tRüsselsheim\t50\t8\t20\tEurope/Berlin", "DE\tHesse\tRüsselsheim\t51\t8\t30\tEurope/Berlin"}, []string{"Rüsselsheim"}},
		{"OtherCase", []string{"DE\tHESSE\tÜBERLINGEN\t50\t8\t20\tEurope/Berlin", "DE\tHesse\tÜberlingen\t50\t8\t30\tEurope/Berlin"}, []string{"Überlingen"}},
		{"OtherComposition", []string{"DE\t\tU\u0308lzen\t50\t8\t20\tEurope/Berlin", "DE\t\tÜlzen\t50\t8\t30\tEurope/Berlin"}, []string{"Ülzen"}},
		{"DottedI", []string{"TR\t\tizmir\t38\t27\t20\tEurope/Istanbul", "TR\t\tİzmir\t38\t27\t30\tEurope/Istanbul"}, []string{"İzmir"}},
		{"WithoutRegion", []string{"DE\t\tNeustadt\t50\t8\t20\tEurope/Berlin", "DE\t\tNeustadt\t51\t8\t30\tEurope/Berlin"}, []string{"Neustadt"}},
		{"OtherRegion", []string{"DE\tHesse\tNeustadt\t50\t8\t20\tEurope/Berlin", "DE\tBavaria\tNeustadt\t51\t8\t30\tEurope/Berlin"}, []string{"Neustadt", "Neustadt"}},
		{"OtherCountry", []string{"DE\t\tPera\t50\t8\t20\tEurope/Berlin", "TR\t\tPera\t41\t29\t30\tEurope/Istanbul"}, []string{"Pera", "Pera"}},
		{"OtherName", []string{"DE\tHesse\tFulda\t50\t8\t20\tEurope/Berlin", "DE\tHesse\tFúlda\t51\t8\t30\tEurope/Berlin"}, []string{"Fúlda", "Fulda"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			w, err := world.Parse(twoCountries, strings.Join(tt.cities, "\n"))
			if err != nil {
				t.Fatal(err)
			}
			if got := names(w); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if got, want := w.LeftOut, len(tt.cities)-len(tt.want); got != want {
				t.Errorf("got %d left out, want %d", got, want)
			}
			if got, want := w.Cities[0].Population, int32(30); got != want {
				t.Errorf("got population %d first, want the larger, %d", got, want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()

	tests := []struct{ name, countries, cities string }{
		{"CountryWithoutCurrency", "DE\tGermany\n", ""},
		{"CountryWithLongCode", "DEU\tGermany\tEUR\n", ""},
		{"CountryTwice", "DE\tGermany\tEUR\nDE\tGermany\tEUR\n", ""},
		{"UnknownCountry", twoCountries, "FR\t\tParis\t48\t2\t1\tEurope/Paris\n"},
		{"MissingField", twoCountries, "DE\t\tBonn\t50\t7\t1\n"},
		{"ExtraField", twoCountries, "DE\t\tBonn\t50\t7\t1\tEurope/Berlin\tx\n"},
		{"NoName", twoCountries, "DE\t\t\t50\t7\t1\tEurope/Berlin\n"},
		{"SpaceAround", twoCountries, "DE\t\tBonn \t50\t7\t1\tEurope/Berlin\n"},
		{"NoTimeZone", twoCountries, "DE\t\tBonn\t50\t7\t1\t\n"},
		{"LatitudeTooLarge", twoCountries, "DE\t\tBonn\t90.1\t7\t1\tEurope/Berlin\n"},
		{"LatitudeNaN", twoCountries, "DE\t\tBonn\tNaN\t7\t1\tEurope/Berlin\n"},
		{"LongitudeTooSmall", twoCountries, "DE\t\tBonn\t50\t-180.1\t1\tEurope/Berlin\n"},
		{"PopulationNegative", twoCountries, "DE\t\tBonn\t50\t7\t-1\tEurope/Berlin\n"},
		{"PopulationTooLarge", twoCountries, "DE\t\tBonn\t50\t7\t2147483648\tEurope/Berlin\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			if w, err := world.Parse(tt.countries, tt.cities); err == nil {
				t.Errorf("got %+v, want an error", w)
			}
		})
	}
}

func TestFoldAgreesWithLower(t *testing.T) {
	t.Parallel()

	for r := range rune(unicode.MaxRune + 1) {
		if got, want := world.Fold(string(r)), world.Fold(string(unicode.ToLower(r))); got != want {
			t.Errorf("%U: got key %q, want %q as for its small letter", r, got, want)
		}
	}
	for _, pair := range [][2]string{
		{"İstanbul", "istanbul"}, {"İstanbul", "i\u0307stanbul"}, {"ΠΥΡΓΟΣ", "πυργος"}, {"ΠΥΡΓΟΣ", "πυργοσ"}, {"ОРЁЛ", "орёл"},
	} {
		if a, b := world.Fold(pair[0]), world.Fold(pair[1]); a != b {
			t.Errorf("got keys %q and %q for %q and %q, want one", a, b, pair[0], pair[1])
		}
	}
	if world.Fold("Iğdır") == world.Fold("Igdir") {
		t.Error("got one key for Iğdır and Igdir, want accents to count")
	}
}

func FuzzParseCity(f *testing.F) {
	f.Add("DE\tBrandenburg\tPotsdam\t52.4\t13.4105\t3426354\tEurope/Berlin")
	f.Add("TR\t\tİzmir\t38.4\t27.1\t2500603\tEurope/Istanbul")
	f.Add("DE\t\tBonn\tNaN\t1e999\t-1\t")
	f.Add("\t\t\t\t\t\t")

	f.Fuzz(func(t *testing.T, row string) {
		row = strings.ReplaceAll(row, "\n", " ")
		w, err := world.Parse(twoCountries, row+"\n"+row)
		if err != nil {
			return
		}
		if len(w.Cities) != 1 || w.LeftOut != 1 {
			t.Errorf("got %d cities and %d left out of two times %q, want 1 and 1", len(w.Cities), w.LeftOut, row)
		}
		for _, c := range w.Cities {
			if c.Name == "" || c.TimeZone == "" || len(c.CountryCode) != 2 || c.Population < 0 {
				t.Errorf("got %+v, want it refused", c)
			}
			if !(math.Abs(c.Latitude) <= 90) || !(math.Abs(c.Longitude) <= 180) {
				t.Errorf("got %g, %g, want degrees", c.Latitude, c.Longitude)
			}
		}
	})
}
