package demo

import (
	"fmt"
	"slices"
	"strings"
)

// title names hotel number n of a city. No two hotels of a city are named
// alike, whatever the case: each way to make a name goes through all its words
// before it adds a number, and no two ways can make the same name.
func title(p *place, n int) (name string, russian bool) {
	if russianSpoken[p.CountryCode] {
		if n%3 == 1 {
			return russianTitle(p, n/3), true
		}
		n -= (n + 1) / 3
	}
	nth := n / 4
	switch n % 4 {
	case 0:
		a, b, again := pick(p, nth, 0, len(adjectives), len(nouns))
		return fmt.Sprintf("%s %s Hotel%s", adjectives[a], nouns[b], again), false
	case 1:
		a, b, again := pick(p, nth, 1, len(adjectives), len(nouns))
		return fmt.Sprintf("Hotel %s %s%s", adjectives[a], nouns[b], again), false
	case 2:
		return localTitle(p, nth), false
	default:
		a, b, again := pick(p, nth, 2, len(nouns), len(kinds))
		return fmt.Sprintf("%s %s %s%s", p.Name, nouns[a], kinds[b], again), false
	}
}

// localTitle has the kind before the name where the country has words for it.
func localTitle(p *place, n int) string {
	local := localKinds[p.CountryCode]
	kind, name, again := pick(p, n, 3, len(local)+len(kinds), len(nouns))
	if kind < len(local) {
		return fmt.Sprintf("%s %s%s", local[kind], nouns[name], again)
	}
	return fmt.Sprintf("%s %s%s", nouns[name], kinds[kind-len(local)], again)
}

// russianTitle names the street as well in every second round.
func russianTitle(p *place, n int) string {
	if n%2 == 0 {
		a, b, again := pick(p, n/2, 4, len(russianKinds), len(russianNames))
		return fmt.Sprintf("%s «%s»%s", russianKinds[a], russianNames[b], again)
	}
	a, b, again := pick(p, n/2, 5, len(russianStreets), len(russianNames))
	kind := russianKinds[(a+b)%len(russianKinds)]
	return fmt.Sprintf("%s «%s» на %s%s", kind, russianNames[b], russianStreets[a], again)
}

// pick chooses the nth pair of indexes below a and b, in an order that belongs to
// the city and the way of naming and visits each pair once. From then on it
// begins again, and says so by a number that makes the name another one.
func pick(p *place, n, way, a, b int) (i, j int, again string) {
	pairs := a * b
	if round := n / pairs; round > 0 {
		again = fmt.Sprintf(" %d", round+1)
	}
	at := (n*coprime(pairs, pairs*618/1000) + int(p.id)*7919 + way*1009) % pairs
	return at / b, at % b, again
}

// street returns an address and, where the country has them, a postal code.
func (r *random) street(country string) (address, code string) {
	system, known := postals[country]
	if !known {
		system = postals[""]
	}
	address = strings.NewReplacer(
		"{s}", one(r, system.streets),
		"{n}", fmt.Sprint(1+r.below(1+r.below(180))),
		"{d}", fmt.Sprint(1+r.below(20)),
	).Replace(system.address)
	return address, r.postalCode(system.code)
}

func (r *random) postalCode(pattern string) string {
	code := []byte(pattern)
	for i, c := range code {
		switch c {
		case '9':
			code[i] = byte('0' + r.below(10))
		case 'A':
			code[i] = byte('A' + r.below(26))
		}
	}
	return string(code)
}

// description is one to three sentences about a hotel.
func (r *random) description(p *place, h *hotel) string {
	if h.russian {
		return strings.Join(r.some(russianSentences, 1+r.below(3)), " ")
	}
	opening := strings.NewReplacer(
		"{city}", p.Name,
		"{minutes}", fmt.Sprint(3+r.below(28)),
		"{rooms}", fmt.Sprint(h.capacity()),
	).Replace(one(r, openings))
	return strings.Join(append([]string{opening}, r.some(sentences, r.below(3))...), " ")
}

// some returns n of the list, in the order of the list.
func (r *random) some(list []string, n int) []string {
	chosen := r.Perm(len(list))[:n]
	slices.Sort(chosen)
	picked := make([]string, n)
	for i, at := range chosen {
		picked[i] = list[at]
	}
	return picked
}

var openings = []string{
	"A quiet place to stay in {city}, {minutes} minutes on foot from the centre.",
	"{rooms} rooms in a renovated town house, {minutes} minutes from the heart of {city}.",
	"This hotel welcomes guests to {city} with {rooms} bright rooms and a friendly team.",
	"Close to shops, cafés and public transport, the house is a good base to explore {city}.",
	"A family-run house in {city}, known for its breakfast.",
	"Modern rooms for business and leisure, {minutes} minutes by car from the sights of {city}.",
	"The building looks back on a long history; the {rooms} rooms are up to date.",
	"Stay among trees on the edge of {city}, with the centre {minutes} minutes away.",
}

var sentences = []string{
	"All rooms have comfortable beds and a desk.",
	"The reception is open around the clock.",
	"Breakfast is served until eleven at weekends.",
	"Guests may leave their luggage before check-in and after check-out.",
	"The nearest stop of public transport is two minutes away.",
	"Rooms to the courtyard are especially quiet.",
	"The bar on the ground floor serves local drinks.",
	"Bicycles can be rented at the reception.",
	"A transfer from the airport is arranged on request.",
	"There are several good restaurants within walking distance.",
}

var russianSentences = []string{
	"Уютный отель недалеко от центра города.",
	"Все номера недавно отремонтированы.",
	"До остановки общественного транспорта две минуты пешком.",
	"Стойка регистрации работает круглосуточно.",
	"Завтрак подают с семи до одиннадцати.",
	"Окна большинства номеров выходят в тихий двор.",
	"Рядом есть парк, магазины и несколько кафе.",
	"Багаж можно оставить до заселения и после выезда.",
}
