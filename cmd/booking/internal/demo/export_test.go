package demo

import "github.com/shumbooking/shumbooking/catalog/world"

// Share lets tests look at large numbers of hotels without loading them.
func Share(cities []world.City, n int) []int { return share(cities, n) }

// Title names hotel number n of a city whose id is given.
func Title(c *world.City, id int64, n int) string {
	name, _ := title(&place{City: c, id: id}, n)
	return name
}

// Price is what costs that many euros in the euro area, in minor units.
func Price(currency string, euros float64) int64 { return newPricer(currency).price(euros) }

// Destinations are the cities with more hotels than their people explain, as
// country code and name.
func Destinations() []string {
	var names []string
	for name := range destinations {
		names = append(names, name)
	}
	return names
}
