package world

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const (
	countryFields = 3
	cityFields    = 7
)

// parse reads tab-separated rows of countries (code, name, currency) and of
// cities (country, region, name, latitude, longitude, population, time zone).
func parse(countries, cities string) (*World, error) {
	w := &World{Countries: make([]Country, 0, strings.Count(countries, "\n"))}
	known := make(map[string]bool)
	for line := range strings.Lines(countries) {
		c, err := parseCountry(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, err
		}
		if known[c.ISOCode] {
			return nil, fmt.Errorf("country %s: listed twice", c.ISOCode)
		}
		known[c.ISOCode] = true
		w.Countries = append(w.Countries, c)
	}

	all := make([]City, 0, strings.Count(cities, "\n"))
	for line := range strings.Lines(cities) {
		c, err := parseCity(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, err
		}
		if !known[c.CountryCode] {
			return nil, fmt.Errorf("city %q: unknown country %q", c.Name, c.CountryCode)
		}
		all = append(all, c)
	}

	slices.SortFunc(w.Countries, func(a, b Country) int { return strings.Compare(a.ISOCode, b.ISOCode) })
	slices.SortFunc(all, compareCities)
	w.Cities = distinct(all)
	w.LeftOut = len(all) - len(w.Cities)
	return w, nil
}

func parseCountry(line string) (Country, error) {
	var fields [countryFields]string
	if !split(line, fields[:]) {
		return Country{}, fmt.Errorf("country: malformed row %q", line)
	}
	c := Country{ISOCode: fields[0], Name: fields[1], Currency: fields[2]}
	if len(c.ISOCode) != 2 || c.Name == "" || len(c.Currency) != 3 {
		return Country{}, fmt.Errorf("country: malformed row %q", line)
	}
	return c, nil
}

func parseCity(line string) (City, error) {
	var fields [cityFields]string
	if !split(line, fields[:]) {
		return City{}, fmt.Errorf("city: malformed row %q", line)
	}
	c := City{CountryCode: fields[0], Region: fields[1], Name: fields[2], TimeZone: fields[6]}
	if len(c.CountryCode) != 2 || c.Name == "" || c.TimeZone == "" {
		return City{}, fmt.Errorf("city: malformed row %q", line)
	}

	var err error
	if c.Latitude, err = degrees(fields[3], 90); err != nil {
		return City{}, fmt.Errorf("city %q: latitude: %w", c.Name, err)
	}
	if c.Longitude, err = degrees(fields[4], 180); err != nil {
		return City{}, fmt.Errorf("city %q: longitude: %w", c.Name, err)
	}
	people, err := strconv.ParseUint(fields[5], 10, 31)
	if err != nil {
		return City{}, fmt.Errorf("city %q: population: %w", c.Name, err)
	}
	c.Population = int32(people)
	return c, nil
}

// split fills fields with the tab-separated parts of line and reports whether
// there were exactly as many, each of them trimmed already.
func split(line string, fields []string) bool {
	for i := range fields {
		field, rest, more := strings.Cut(line, "\t")
		if more != (i < len(fields)-1) || strings.TrimSpace(field) != field {
			return false
		}
		fields[i], line = field, rest
	}
	return true
}

// degrees parses an angle of at most limit either way.
func degrees(s string, limit float64) (float64, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, err
	}
	// Written so that NaN, which compares false with everything, fails too.
	if !(v >= -limit && v <= limit) {
		return 0, fmt.Errorf("%s is not within %g degrees", s, limit)
	}
	return v, nil
}

func compareCities(a, b City) int {
	// Nearly every pair is told apart here, so the rest is worth not evaluating.
	if c := cmp.Compare(b.Population, a.Population); c != 0 {
		return c
	}
	return cmp.Or(
		strings.Compare(a.CountryCode, b.CountryCode),
		strings.Compare(a.Region, b.Region),
		strings.Compare(a.Name, b.Name),
		cmp.Compare(a.Latitude, b.Latitude),
		cmp.Compare(a.Longitude, b.Longitude),
		strings.Compare(a.TimeZone, b.TimeZone),
	)
}

// distinct returns cities without those alike to an earlier one. It reuses the
// memory of cities.
func distinct(cities []City) []City {
	type identity struct{ country, region, name string }
	seen := make(map[identity]bool, len(cities))
	folded := make(map[string]string)

	kept := cities[:0]
	for _, c := range cities {
		region, ok := folded[c.Region]
		if !ok {
			region = fold(c.Region)
			folded[c.Region] = region
		}
		id := identity{c.CountryCode, region, fold(c.Name)}
		if seen[id] {
			continue
		}
		seen[id] = true
		kept = append(kept, c)
	}
	return kept
}
