package main

import "github.com/shumbooking/shumbooking/platform/httpapi"

const (
	apiTitle       = "Shum Booking"
	apiDescription = `Search hotels for free rooms, book one, see your bookings and cancel them.

**Signing in.** POST /auth/register makes an account and POST /auth/login gives an access token, which goes into
the Authorization header: ` + "`Authorization: Bearer <access_token>`" + `. Reading the catalogue and searching need none.
It lasts expires_in seconds, ten minutes as a rule; then POST /auth/refresh exchanges the refresh_token, once, for a new
pair. If POST /auth/login answers otp_required, the account has a second factor: send the same again with otp.

**Dates and money.** A night is a date, and a stay is the nights from date_from up to but not including date_to.
Prices are whole numbers of the currency's smallest unit.

**Lists** have pages: send next_cursor of one page as cursor to get the next.

**Trying again.** Send a new UUID as Idempotency-Key with each new request that takes one. If no answer arrives, send the same
body with the same key again: it takes effect once, and the answer is that of the first time.

**Changes by others.** The ETag of an answer is the version of what it shows. Send it as If-Match with a change, which is
refused as 412 if somebody was faster, or as If-None-Match with GET, which is 304 while nothing is new.

**Limits.** The header RateLimit says how many requests are left and when there will be more. Who has none left is told 429;
wait for as many seconds as Retry-After says.

**Errors** are problem details (RFC 9457) with a stable code, of which [this list](docs/problems) has all. What they say
is in English, or with ` + "`Accept-Language: ru`" + ` in Russian.`
)

// apiTags are the groups of operations in the order in which a newcomer meets them.
func apiTags() []httpapi.Tag {
	return []httpapi.Tag{
		{Name: "Availability", Description: "What is free, for how much."},
		{Name: "Bookings", Description: "Stays of guests."},
		{Name: "Auth", Description: "Registering, signing in, and one's own account."},
		{Name: "Hotels", Description: "Houses with rooms."},
		{Name: "Rooms", Description: "Room types of a hotel, and their nights."},
		{Name: "Images", Description: "Photographs of hotels and rooms."},
		{Name: "Managers", Description: "Who runs which hotel."},
		{Name: "Countries", Description: "Countries and their currencies."},
		{Name: "Cities", Description: "Cities and their time zones."},
		{Name: "Facilities", Description: "What hotels and rooms may have."},
		{Name: "Users", Description: "Accounts, for admins."},
		{Name: "Audit", Description: "Who did what, for admins."},
		{Name: "System", Description: "Health, metrics and this documentation."},
	}
}
