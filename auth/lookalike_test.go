package auth_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/shumbooking/shumbooking/auth"
)

// Nobody gets an account whose e-mail looks like that of another, or is written in another way: such an address is
// not taken, or belongs to the other already. A dot more or a tag behind a plus is another mailbox to everybody but
// some providers, and so it is here.
func TestLookAlikesOfAnEmail(t *testing.T) {
	t.Parallel()
	b, _, admin := asAdmin(t)
	victim := b.user(t, "anna.paypal@example.com", auth.Guest)
	_, guest := b.signedIn(t, "guest@example.com", auth.Guest)
	taken := []string{"ANNA.PAYPAL@EXAMPLE.COM", "Anna.PayPal@example.com", "anna.paypal@Example.Com"}
	malformed := []string{
		"аnna.paypal@example.com",                                             // a Cyrillic а
		"anna.pаypal@example.com",                                             // and another
		"ａｎｎａ.paypal@example.com",                                             // full width, which NFKC makes plain
		"anna․paypal@example.com",                                             // one dot leader, likewise
		"anna.paypal＠example.com",                                             // full-width @
		"anna.paypal@example。com",                                             // ideographic full stop, which IDNA makes a dot
		"anna.paypal@exampłe.com",                                             // another letter in the host
		"anna.paypal@ex\u00adample.com",                                       // soft hyphen
		"anna\u200b.paypal@example.com",                                       // zero-width space
		"anna\u200d.paypal@example.com",                                       // zero-width joiner
		"anna.paypal\ufeff@example.com",                                       // byte order mark
		"\u202eanna.paypal@example.com",                                       // right-to-left override
		"anna.paypa\u0049\u0307@example.com", "anna.paypal\u0301@example.com", // combining marks
		"anna.paypa\u017f@example.com", "anna.paypa\u212a@example.com", // ſ and the sign for kelvin, which are s and k in another case
		"anna.paypal@example.com ", " anna.paypal@example.com", "anna.paypal@example.com\t", "anna.paypal@example.com\u00a0",
		"anna.paypal@example.com.", "anna..paypal@example.com", ".anna.paypal@example.com", "anna.paypal.@example.com",
		`"anna.paypal"@example.com`, "Anna <anna.paypal@example.com>", "anna.paypal(x)@example.com", "anna.paypal@[example.com]",
		"anna.paypal@example.com,b@example.com", "anna.paypal@example.com\r\nBcc: b@example.com", "anna.paypal%00@example.com@example.com",
	}
	send := func(email string, status int) {
		t.Helper()
		quoted, err := json.Marshal(email)
		if err != nil {
			t.Fatal(err)
		}
		account := `{"email": ` + string(quoted) + `, "password": "` + goodPassword + `"`
		b.api.Do("POST", "/auth/register", account+`}`).Want(status)
		admin.Do("POST", "/users", account+`, "role": "guest"}`).Want(status)
		admin.Do("PATCH", "/users/999999", `{"email": `+string(quoted)+`}`)
		guest.Do("PATCH", "/auth/me", `{"email": `+string(quoted)+`, "current_password": "`+goodPassword+`"}`).Want(status)
		b.api.Do("POST", "/auth/login", account+`}`)
	}
	for _, email := range taken {
		send(email, http.StatusConflict)
	}
	for _, email := range malformed {
		send(email, http.StatusUnprocessableEntity)
	}
	users := list(t, admin, "")
	if len(users) != 3 || users[1].Email != victim.Email {
		t.Errorf("the users are %+v, want the three that there were", users)
	}
	for _, other := range []string{"annapaypal@example.com", "anna.paypal+tag@example.com"} {
		if u := b.user(t, other, auth.Guest); u.ID == victim.ID {
			t.Errorf("%s is the user of %s", other, victim.Email)
		}
	}
}
