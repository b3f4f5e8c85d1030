package demo

import (
	"math"
	"time"

	"github.com/shumbooking/shumbooking/platform/date"
)

// Arrivals lie in this span of days around today. Stays reach beyond its end by
// their own length.
const (
	pastDays   = 120
	futureDays = 240
	arrivals   = pastDays + futureDays
	maxNights  = 14
	days       = arrivals + maxNights
)

// A calendar knows the days that stays are made up for, numbered from the
// first one.
type calendar struct {
	today   date.Date
	first   date.Date
	climate [3][days]float64
	holiday [days]bool
}

// The climates, each with a season of its own.
const (
	northern = iota
	southern
	tropical
)

// newCalendar weighs each day by season, day of the week and how long ahead
// people book: from 0, nobody comes, to about 1, everybody does.
func newCalendar(today date.Date) *calendar {
	c := &calendar{today: today, first: today.AddDays(-pastDays)}
	for day := range days {
		t := c.first.AddDays(day).Time()
		yearDay := float64(t.YearDay())
		c.holiday[day] = t.Month() == time.December && t.Day() >= 29 || t.Month() == time.January && t.Day() <= 2
		weight := 1.0
		if t.Weekday() == time.Friday || t.Weekday() == time.Saturday {
			weight = 1.2
		}
		if ahead := float64(day - pastDays); ahead > 21 {
			weight *= max(math.Exp(-(ahead-21)/130), .2)
		}
		for climate, peak := range [...]float64{northern: 205, southern: 15, tropical: 20} {
			// One at the peak of the season, a third half a year from it.
			season := 2.0/3 + math.Cos((yearDay-peak)/365.25*2*math.Pi)/3
			if c.holiday[day] {
				season = 1.1
			}
			c.climate[climate][day] = season * weight
		}
	}
	return c
}

// of returns the weights of the days at a latitude.
func (c *calendar) of(latitude float64) *[days]float64 {
	switch {
	case latitude > 23.5:
		return &c.climate[northern]
	case latitude < -23.5:
		return &c.climate[southern]
	default:
		return &c.climate[tropical]
	}
}

// date returns the date of a day.
func (c *calendar) date(day int) date.Date { return c.first.AddDays(day) }
