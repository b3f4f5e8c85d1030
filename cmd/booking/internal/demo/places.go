package demo

import (
	"cmp"
	"slices"

	"github.com/shumbooking/shumbooking/catalog/world"
)

// A place is a city that gets hotels.
type place struct {
	*world.City
	id       int64
	currency string
}

// A site is where one hotel stands: the city, and its number among the hotels
// of that city, from 0.
type site struct {
	city   int32
	number int32
}

// destinations are cities that travellers go to out of proportion to the people
// who live there, with how many of a thousand hotels they get on top of their
// share by population. The rest of the thousand goes by population alone. Where
// a country has several cities of a name, the largest is meant.
var destinations = map[string]float64{
	"AE/Dubai": 15, "AR/Buenos Aires": 5, "AT/Vienna": 10, "AU/Melbourne": 4, "AU/Sydney": 6,
	"BR/Rio de Janeiro": 6, "CZ/Prague": 11, "DE/Berlin": 11, "EG/Cairo": 5, "ES/Barcelona": 15,
	"ES/Madrid": 11, "FR/Nice": 4, "FR/Paris": 30, "GB/London": 27, "GE/Tbilisi": 4, "GR/Athens": 8,
	"HK/Hong Kong": 7, "HU/Budapest": 8, "ID/Denpasar": 6, "IT/Florence": 6, "IT/Milan": 7, "IT/Rome": 21,
	"IT/Venice": 7, "JP/Kyoto": 7, "JP/Osaka": 7, "JP/Tokyo": 17, "KR/Seoul": 8, "MA/Marrakesh": 6,
	"MX/Cancún": 5, "MX/Mexico City": 6, "MY/Kuala Lumpur": 6, "NL/Amsterdam": 10, "PT/Lisbon": 10,
	"RU/Kazan": 4, "RU/Moscow": 19, "RU/Saint Petersburg": 16, "RU/Sochi": 8, "SG/Singapore": 9,
	"TH/Bangkok": 18, "TH/Phuket": 6, "TR/Antalya": 8, "TR/Istanbul": 24, "US/Las Vegas": 8,
	"US/Los Angeles": 8, "US/Miami": 5, "US/New York City": 17, "US/San Francisco": 6, "ZA/Cape Town": 5,
}

// share divides n hotels among the cities, which come by population from the
// largest: each gets its exact share rounded down, and the hotels left over go
// to the largest fractions.
func share(cities []world.City, n int) []int {
	var people, famous float64
	for i := range cities {
		people += float64(cities[i].Population)
	}
	for _, extra := range destinations {
		famous += extra
	}
	counts, fractions := make([]int, len(cities)), make([]float64, len(cities))
	order := make([]int, len(cities))
	met := make(map[string]bool, len(destinations))
	left := n
	for i := range cities {
		exact := float64(n) * (1 - famous/1000) * float64(cities[i].Population) / people
		if name := cities[i].CountryCode + "/" + cities[i].Name; !met[name] {
			exact += float64(n) * destinations[name] / 1000
			met[name] = destinations[name] > 0
		}
		counts[i], order[i] = int(exact), i
		fractions[i] = exact - float64(counts[i])
		left -= counts[i]
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(fractions[b], fractions[a]) })
	for _, i := range order[:left] {
		counts[i]++
	}
	return counts
}

// sites returns where each of n hotels stands. Neighbours in the list stand far
// apart, as they would had the hotels signed up one by one: a city whose rows
// lie side by side in the table would make every query look faster than it is.
func sites(cities []world.City, n int) []site {
	inOrder := make([]site, 0, n)
	for city, count := range share(cities, n) {
		for number := range count {
			inOrder = append(inOrder, site{int32(city), int32(number)})
		}
	}
	shuffled := make([]site, n)
	step := coprime(n, n*618/1000)
	for i := range shuffled {
		shuffled[i] = inOrder[i*step%n]
	}
	return shuffled
}

// coprime returns the least number from least on, and at least 1, that shares
// no factor with n: its multiples modulo n visit each number below n once.
func coprime(n, least int) int {
	for step := max(least, 1); ; step++ {
		a, b := n, step
		for b != 0 {
			a, b = b, a%b
		}
		if a == 1 {
			return step
		}
	}
}
