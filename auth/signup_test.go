package auth_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/errs"
)

func TestSignUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	res := b.api.Do("POST", "/auth/register", `{"email": "Anna@Example.com", "password": "`+goodPassword+`",
		"first_name": "Anna", "last_name": null, "telegram_id": 9223372036854775807}`).Want(http.StatusCreated)
	var got auth.User
	res.Decode(&got)
	if got.Email != "Anna@Example.com" || got.Role != auth.Guest || *got.FirstName != "Anna" || got.LastName != nil ||
		*got.TelegramID != 9223372036854775807 || got.PachcaID != nil || got.DisabledAt != nil {
		t.Errorf("registered %+v", got)
	}
	if want := userPath(&got); res.Header.Get("Location") != want {
		t.Errorf("Location = %q, want %q", res.Header.Get("Location"), want)
	}
	if strings.Contains(string(res.Body), "hash") || strings.Contains(string(res.Body), goodPassword) {
		t.Errorf("the answer tells a secret: %s", res.Body)
	}
	if !strings.Contains(string(res.Body), `Z","disabled_at"`) {
		t.Errorf("created_at is not in UTC: %s", res.Body)
	}
	if n := b.count(t, "auth_registrations_total", ""); n != 1 {
		t.Errorf("auth_registrations_total = %v, want 1", n)
	}
	b.wantLogin(t, "anna@EXAMPLE.com", goodPassword, http.StatusOK)
}

func TestSignUpRefusesBadInput(t *testing.T) {
	t.Parallel()
	b := setup(t)
	body := func(email, password, more string) string {
		return `{"email": "` + email + `", "password": "` + password + `"` + more + `}`
	}
	for name, tc := range map[string]struct{ body, field, code string }{
		"space before":       {body(" a@example.com", goodPassword, ""), "email", "format"},
		"space after":        {body("a@example.com ", goodPassword, ""), "email", "format"},
		"no at":              {body("example.com", goodPassword, ""), "email", "format"},
		"null e-mail":        {`{"email": null, "password": "` + goodPassword + `"}`, "email", "type"},
		"no password":        {`{"email": "a@example.com"}`, "password", "required"},
		"seven characters":   {body("a@example.com", "пароля7", ""), "password", "min_length"},
		"129 characters":     {body("a@example.com", strings.Repeat("абвг", 32)+"д", ""), "password", "max_length"},
		"short once NFC":     {body("a@example.com", "e\u0301abcdef", ""), "password", "min_length"},
		"common":             {body("a@example.com", "Password", ""), "password", "too_common"},
		"common with ending": {body("a@example.com", "Dragon2026!", ""), "password", "too_common"},
		"common in disguise": {body("a@example.com", "p@$$w0rd", ""), "password", "too_common"},
		"walk":               {body("a@example.com", "1qaz2wsx", ""), "password", "too_common"},
		"product":            {body("a@example.com", "ShumBooking1", ""), "password", "too_common"},
		"one character":      {body("a@example.com", "zzzzzzzzzz", ""), "password", "too_simple"},
		"local part":         {body("agatha.lim@example.com", "Agatha.Lim", ""), "password", "too_personal"},
		"local part, ending": {body("agathalim@example.com", "agathalim1!", ""), "password", "too_personal"},
		"whole e-mail":       {body("agatha@example.com", "agatha@example.com", ""), "password", "too_personal"},
		"blank name":         {body("a@example.com", goodPassword, `, "first_name": "  "`), "first_name", "blank"},
		"long name":          {body("a@example.com", goodPassword, `, "last_name": "`+strings.Repeat("я", 101)+`"`), "last_name", "max_length"},
		"telegram zero":      {body("a@example.com", goodPassword, `, "telegram_id": 0`), "telegram_id", "minimum"},
		"role":               {body("a@example.com", goodPassword, `, "role": "admin"`), "role", "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantField(t, b.api.With(t).Do("POST", "/auth/register", tc.body), tc.field, tc.code)
		})
	}
}

// An address that can be written in several ways, or that would write a header of a mail, is nobody's.
func TestOddEmails(t *testing.T) {
	t.Parallel()
	b, _, api := asAdmin(t)
	u := b.user(t, "boris@example.com", auth.Guest)
	for _, email := range []string{
		`"a b"@example.com`, "\"a\nBcc: b\"@example.com", `"a"@example.com`, "a@[127.0.0.1]", "a@example.com.", "a@-example.com",
		"a(b)@example.com", "анна@example.com", "a@пример.рф", "\u212aelvin@example.com", "a@b_c.de", "a@{b}",
		strings.Repeat("a", 65) + "@example.com", "a@" + strings.Repeat("b.", 126) + "c",
	} {
		account := map[string]any{"email": email, "password": goodPassword}
		wantField(t, b.api.Do("POST", "/auth/register", account), "email", "format")
		account["role"] = auth.Guest
		wantField(t, api.Do("POST", "/users", account), "email", "format")
		wantField(t, api.Do("PUT", userPath(u), map[string]any{"email": email, "role": auth.Guest}), "email", "format")
		wantField(t, api.Do("PATCH", userPath(u), map[string]any{"email": email}), "email", "format")
		wantField(t, api.Do("PATCH", "/auth/me", map[string]any{"email": email, "current_password": goodPassword}), "email", "format")
		_, err := b.auth.CreateUser(t.Context(), &auth.CreateUserParams{Email: email, Password: goodPassword, Role: auth.Guest})
		wantKind(t, "CreateUser("+email+")", err, errs.Invalid.Code)
	}
	for _, email := range []string{"a@localhost", "o'hara+x@a.example", "a@xn--e1afmkfd.xn--p1ai", "!#$%&'*+-/=?^_`{|}~@example.com"} {
		api.Do("POST", "/users", map[string]any{"email": email, "password": goodPassword, "role": auth.Guest}).Want(http.StatusCreated)
	}
}

func TestSignUpTakesLongPasswords(t *testing.T) {
	t.Parallel()
	b := setup(t)
	password := strings.Repeat("абвг", 32)
	b.api.Do("POST", "/auth/register", map[string]string{"email": "a@example.com", "password": password}).Want(http.StatusCreated)
	b.wantLogin(t, "a@example.com", password, http.StatusOK)
	b.wantLogin(t, "a@example.com", password[:len(password)-2], http.StatusUnauthorized)
}

func TestPasswordsAreNormalised(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.api.Do("POST", "/auth/register", `{"email": "a@example.com", "password": "cafe\u0301-au-lait"}`).Want(http.StatusCreated)
	b.wantLogin(t, "a@example.com", "caf\u00e9-au-lait", http.StatusOK)
}

func TestSignUpTakenEmail(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.user(t, "anna@example.com", auth.Guest)
	b.api.Do("POST", "/auth/register", map[string]string{"email": "ANNA@example.com", "password": goodPassword}).
		WantProblem(http.StatusConflict, "email_taken")
	if n := b.count(t, "auth_registrations_total", ""); n != 0 {
		t.Errorf("auth_registrations_total = %v, want 0", n)
	}
}

func TestSignUpRace(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var wg sync.WaitGroup
	statuses := make([]int, 16)
	for i := range statuses {
		wg.Go(func() {
			body := map[string]string{"email": "anna@example.com", "password": goodPassword}
			statuses[i] = b.api.Do("POST", "/auth/register", body).Status
		})
	}
	wg.Wait()
	created := 0
	for _, s := range statuses {
		switch s {
		case http.StatusCreated:
			created++
		case http.StatusConflict:
		default:
			t.Errorf("status %d, want 201 or 409", s)
		}
	}
	if created != 1 {
		t.Errorf("%d registrations of one e-mail succeeded, want 1", created)
	}
}
