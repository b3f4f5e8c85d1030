package catalog

import (
	"math"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // zones must not depend on what the machine has installed

	"github.com/shumbooking/shumbooking/platform/errs"
)

// invalid returns one error for all broken rules, or nil when there are none.
func invalid(broken ...[]errs.Field) error {
	if fields := slices.Concat(broken...); len(fields) > 0 {
		return errs.InvalidFields(fields...)
	}
	return nil
}

func broken(field, code string, message errs.Text) []errs.Field {
	return []errs.Field{{Field: field, In: "body", Code: code, Message: errs.Say(message)}}
}

// checkLocation refuses half a place.
func checkLocation(latitude, longitude *float64) []errs.Field {
	switch {
	case latitude == nil && longitude != nil:
		return broken("latitude", "required", "is required with longitude")
	case latitude != nil && longitude == nil:
		return broken("longitude", "required", "is required with latitude")
	}
	return nil
}

// RoundDegrees returns a coordinate to seven decimals, which is a centimetre on the ground: what all coordinates are
// stored and searched with. What is finer makes PostgreSQL's arithmetic on differences fail with an underflow.
func RoundDegrees(exact float64) float64 {
	const unit = 1e7
	return math.Round(exact*unit)/unit + 0 // Zero without a sign.
}

// degrees is RoundDegrees for a coordinate that may be absent.
func degrees(exact *float64) *float64 {
	if exact == nil {
		return nil
	}
	return new(RoundDegrees(*exact))
}

// checkTimeZone refuses names that are not zones of the IANA database. Zones without an area other than UTC are
// refused too: PostgreSQL takes CET and its like for an abbreviation that knows no summer time, and Go for a
// zone that does.
func checkTimeZone(name *string) []errs.Field {
	if name == nil || *name == "UTC" {
		return nil
	}
	area, _, ok := strings.Cut(*name, "/")
	// These hold copies of the database, where a machine has it, and are not part of it.
	copied := area == "posix" || area == "right"
	if _, err := time.LoadLocation(*name); !ok || copied || err != nil {
		return broken("time_zone", "unknown", "is not a time zone such as Europe/Moscow")
	}
	return nil
}

// checkCurrency refuses codes that no country pays in.
func checkCurrency(code *string) []errs.Field {
	if code == nil || slices.Contains(strings.Fields(currencies), *code) {
		return nil
	}
	return broken("currency", "unknown", "is not a currency code of ISO 4217")
}

// currencies are the codes in use of ISO 4217, without those of funds, metals and tests. The tables of
// golang.org/x/text are of 2017: they lack the newest and keep those long gone.
const currencies = `
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY
COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR
ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK
MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF
SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU
UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG`
