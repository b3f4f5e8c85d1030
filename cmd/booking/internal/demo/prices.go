package demo

import "math"

// A market says how hotels of one currency are priced.
type market struct {
	perEuro float64 // units of the currency for one euro, roughly
	level   float64 // prices relative to those of the euro area
}

// markets has the currencies of the countries where most hotels are.
var markets = map[string]market{
	"AED": {4.1, 1.1}, "ARS": {1500, .6}, "AUD": {1.75, 1.1}, "BDT": {135, .35}, "BRL": {6.2, .55},
	"CAD": {1.6, 1.1}, "CHF": {.95, 1.7}, "CLP": {1080, .65}, "CNY": {8, .55}, "COP": {4600, .4},
	"CZK": {24.5, .75}, "DKK": {7.46, 1.3}, "EGP": {55, .4}, "EUR": {1, 1}, "GBP": {.86, 1.25},
	"GEL": {3.1, .5}, "HKD": {8.9, 1.15}, "HUF": {390, .65}, "IDR": {18500, .4}, "ILS": {4, 1.2},
	"INR": {98, .4}, "IRR": {48000, .35}, "IQD": {1450, .5}, "ISK": {142, 1.6}, "JPY": {172, .85},
	"KES": {146, .5}, "KRW": {1600, .8}, "KWD": {.34, 1.1}, "KZT": {590, .5}, "MAD": {10.6, .55},
	"MXN": {21.5, .65}, "MYR": {4.9, .45}, "NGN": {1750, .5}, "NOK": {11.7, 1.3}, "NZD": {2, 1},
	"PEN": {4.1, .5}, "PHP": {66, .45}, "PKR": {325, .35}, "PLN": {4.25, .65}, "QAR": {4.2, 1.1},
	"RON": {5.05, .6}, "RUB": {95, .6}, "SAR": {4.3, 1}, "SEK": {11, 1.15}, "SGD": {1.5, 1.4},
	"THB": {37.5, .5}, "TRY": {48, .6}, "TWD": {35, .75}, "TZS": {2900, .5}, "UAH": {48, .4},
	"USD": {1.15, 1.2}, "UZS": {14000, .4}, "VND": {30500, .4}, "XAF": {656, .6}, "XOF": {656, .6},
	"ZAR": {20.5, .6},
}

// minorDigits has the currencies whose minor unit is not a hundredth, as ISO 4217
// says. The tables of Unicode (golang.org/x/text/currency) say how amounts are
// commonly written, which differs for twenty more, such as IDR and PKR.
var minorDigits = map[string]int{
	"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0,
	"VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
	"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}

// A pricer turns a price of the euro area into one of a currency.
type pricer struct {
	units float64 // of the currency, for what costs one euro in the euro area
	minor float64 // minor units in one unit
}

func newPricer(code string) pricer {
	m, known := markets[code]
	if !known {
		// Most of the others are worth less than a euro, in countries that are
		// cheaper than the euro area.
		m = market{perEuro: 20, level: .6}
	}
	digits, unusual := minorDigits[code]
	if !unusual {
		digits = 2
	}
	return pricer{units: m.perEuro * m.level, minor: math.Pow10(digits)}
}

// price returns, in minor units, what costs that many euros in the euro area,
// rounded as prices are: to two digits and a half.
func (p pricer) price(euros float64) int64 {
	amount := euros * p.units
	step := math.Pow10(int(math.Floor(math.Log10(amount)))-1) / 2
	step = max(step, 1/p.minor)
	return int64(math.Round(math.Round(amount/step) * step * p.minor))
}
