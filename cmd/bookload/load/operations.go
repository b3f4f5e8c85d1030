package load

// Operations returns the names under which a Result has its operations. Which of them there are depends on the profile, on
// whether there is an admin, and on chance.
func Operations() []string {
	return []string{
		"book", "booking", "cancel", "cities", "countries", "facilities", "free_rooms", "health", "hotel", "hotels", "me", "my_bookings",
		"nights", "pry", "refresh", "register", "rooms", "search", "sign_in", "upload",
	}
}
