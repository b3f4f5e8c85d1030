package auth

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/shumbooking/shumbooking/platform/errs"
)

var (
	//go:embed console.html
	consoleHTML string
	//go:embed console.css
	consoleCSS string
)

const formType = "application/x-www-form-urlencoded"

// A signInForm is what the sign-in page is filled with, and what it sends.
type signInForm struct {
	LoginParams
	// Next is the page to go to.
	Next string
	// Refused is whether the e-mail, the password and the code did not sign anybody in.
	Refused bool
	// NeedsCode is whether the code is missing. The password has to be typed again then, as no page repeats it.
	NeedsCode bool
	// SignedInAs is the e-mail of the admin who is signed in.
	SignedInAs string
}

// readSignInForm reads a filled-in form.
func readSignInForm(w http.ResponseWriter, r *http.Request) (signInForm, error) {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != formType {
		return signInForm{}, errs.UnsupportedMediaType.Newf("The body must be %s.", formType)
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxSignInBody)
	if err := r.ParseForm(); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return signInForm{}, errs.BodyTooLarge.Newf("The body may have at most %d bytes.", maxSignInBody).Because(err)
		}
		return signInForm{}, errs.MalformedRequest.New("The form is not well-formed.").Because(err)
	}
	form := signInForm{
		LoginParams: LoginParams{Email: r.PostForm.Get("email"), Password: r.PostForm.Get("password")},
		Next:        r.PostForm.Get("next"),
	}
	otp := r.PostForm.Get("otp")
	if otp != "" {
		form.OTP = &otp
	}
	for _, field := range []string{form.Email, form.Password, otp} {
		if !utf8.ValidString(field) || strings.ContainsRune(field, 0) {
			return signInForm{}, errs.MalformedRequest.New("The form must be encoded in UTF-8.")
		}
	}
	return form, nil
}

// A signInPage is the page with the form, for one console.
type signInPage struct {
	template   *template.Template
	name, base string
	policy     string
}

func newSignInPage(name, base string) signInPage {
	sum := sha256.Sum256([]byte(consoleCSS))
	return signInPage{
		template: template.Must(template.New("sign-in").Parse(consoleHTML)), name: name, base: base,
		policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; " +
			"img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
	}
}

func (p *signInPage) write(w http.ResponseWriter, status int, form signInForm) error {
	var b bytes.Buffer
	err := p.template.Execute(&b, struct {
		signInForm
		Console, Base string
		Style         template.CSS
	}{form, p.name, p.base, template.CSS(consoleCSS)}) //nolint:gosec // it is ours
	if err != nil {
		return fmt.Errorf("render the sign-in page: %w", err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", p.policy)
	w.WriteHeader(status)
	// The browser may be gone; there is nobody left to tell.
	_, _ = w.Write(b.Bytes())
	return nil
}
