package auth

import (
	"errors"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/shumbooking/shumbooking/platform/audit"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
)

const (
	// maxConsoleBody bounds what a browser sends to the pages behind the gate, maxSignInBody what it signs in with.
	maxConsoleBody = 64 << 10
	maxSignInBody  = 8 << 10
	maxNextPage    = 2 << 10
)

// The pages of the console itself, below its path.
const (
	signInPath  = "/sign-in"
	signOutPath = "/sign-out"
)

// ConsoleConfig is what a console needs to know.
type ConsoleConfig struct {
	// Name is what the sign-in page calls the console.
	Name string
	// Path is where browsers find the console: with the root path, without a slash at the end.
	Path string
	// PlainHTTP lets the cookie travel without TLS; optional, for a machine of one's own.
	PlainHTTP bool
	// Fail answers a request with an error, as the API does.
	Fail func(w http.ResponseWriter, r *http.Request, err error)
}

// A console lets admins with a browser through to pages that know nothing of signing in.
type console struct {
	*Service
	cfg    ConsoleConfig
	origin *http.CrossOriginProtection
	page   signInPage
	next   http.Handler
}

// Console returns a handler that lets admins through to next who signed in with a browser, and serves the pages
// <Path>/sign-in and <Path>/sign-out for that. It takes requests whose path begins with Path, and hands them on as
// they are, with a Caller in their context.
//
// A session of the console is a cookie of its own, for the paths of the console only, that scripts cannot read and
// other sites cannot send. It is a row among the sessions of its user and ends like the others; PostgreSQL is asked
// at each request, also whether the user is an admin still. Access tokens are not taken, nor is the cookie anywhere
// else. A navigation without a session is led to the sign-in page, any other request is answered with an error of
// kind errs.Unauthenticated. Requests cost what those of public routes do, of the budgets for reading, for other
// methods and for signing in: when one is used up the error is of kind errs.RateLimited.
func (s *Service) Console(cfg ConsoleConfig, next http.Handler) http.Handler {
	return &console{
		Service: s, cfg: cfg, origin: http.NewCrossOriginProtection(), page: newSignInPage(cfg.Name, cfg.Path), next: next,
	}
}

// ServeHTTP checks what holds for all of the console and then serves the page that is asked for.
func (c *console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	// With the "no-referrer" of the API, a browser would say that the form comes from the origin "null".
	h.Set("Referrer-Policy", "same-origin")
	if err := c.origin.Check(r); err != nil {
		c.cfg.Fail(w, r, errs.Forbidden.New("The request comes from another site.").Because(err))
		return
	}
	if err := c.serve(w, r); err != nil {
		c.cfg.Fail(w, r, err)
	}
}

// serve charges the request before the database is asked about it, and after the check of its origin, lest forms of
// other sites spend what an admin may change.
func (c *console) serve(w http.ResponseWriter, r *http.Request) error {
	page := strings.TrimPrefix(r.URL.Path, c.cfg.Path)
	if err := c.charge(w, r, page); err != nil {
		return err
	}
	switch page {
	case signInPath:
		return c.serveSignIn(w, r)
	case signOutPath:
		return c.serveSignOut(w, r)
	}
	return c.serveNext(w, r)
}

// charge takes the request from the same budgets as a route of the API that is public would.
func (c *console) charge(w http.ResponseWriter, r *http.Request, page string) error {
	demand := httpapi.Demand{Access: httpapi.Public, Budget: httpapi.Writes}
	switch {
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		demand.Budget = httpapi.Reads
	case page == signInPath:
		demand.Budget = httpapi.SignIn
	}
	admission, err := c.Admit(r, demand)
	httpapi.SetQuota(w.Header(), admission.Quota)
	return err
}

func (c *console) serveNext(w http.ResponseWriter, r *http.Request) error {
	session, err := c.session(r)
	switch {
	case isSignedOut(err) && isNavigation(r):
		http.Redirect(w, r, c.signInURL(r.URL), http.StatusSeeOther) //nolint:gosec // the host is left out
		return nil
	case err != nil:
		return err
	}
	httpapi.NameCaller(r.Context(), strconv.FormatInt(session.UserID, 10))
	r = r.WithContext(WithCaller(r.Context(), session.caller()))
	if err := c.recordDeed(r); err != nil {
		return err
	}
	if isNavigation(r) {
		// A page that is left open must not show for ever what it got last: then it is loaded anew.
		w.Header().Set("Refresh", strconv.Itoa(int(session.end().Sub(c.now()).Seconds())+1))
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxConsoleBody)
	c.next.ServeHTTP(w, r)
	return nil
}

// A consoleDeed is what the audit log is told of a request that may change something. What it does is known to the
// pages behind the gate alone.
type consoleDeed struct {
	Method string `json:"method"`
	// Path is escaped: the log takes no NUL, and no bytes that are not UTF-8.
	Path string `json:"path"`
}

// recordDeed tells the audit log of a request that may change something, before it can.
func (c *console) recordDeed(r *http.Request) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return nil
	}
	return audit.Record(r.Context(), c.db, audit.Entry{
		Action: "console.request", Object: "console", After: consoleDeed{Method: r.Method, Path: r.URL.EscapedPath()},
	})
}

func (c *console) serveSignIn(w http.ResponseWriter, r *http.Request) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return c.showSignIn(w, r)
	case http.MethodPost:
		return c.signInByForm(w, r)
	}
	return errMethod(w, "GET, HEAD, POST")
}

// showSignIn writes the form, or for those who are signed in, who they are and how to sign out.
func (c *console) showSignIn(w http.ResponseWriter, r *http.Request) error {
	form := signInForm{Next: c.localPage(r.URL.Query().Get("next"))}
	session, err := c.session(r)
	if err != nil && !isSignedOut(err) {
		return err
	}
	form.SignedInAs = session.Email
	if site := r.Header.Get("Sec-Fetch-Site"); err != nil && (site == "cross-site" || site == "same-site") {
		// A link on another site led here, and the browser kept the cookie back. It does not when this page leads on;
		// who is not signed in comes back, and then it is not from another site.
		w.Header().Set("Refresh", "0; url="+form.Next)
	}
	return c.page.write(w, http.StatusOK, form)
}

func (c *console) signInByForm(w http.ResponseWriter, r *http.Request) error {
	form, err := readSignInForm(w, r)
	if err != nil {
		return err
	}
	form.Next = c.localPage(form.Next)
	token, err := c.startConsoleSession(r.Context(), &form.LoginParams)
	form.Refused = errors.Is(err, kindInvalidCredentials.New(""))
	form.NeedsCode = errors.Is(err, kindOTPRequired.New(""))
	if form.Refused || form.NeedsCode {
		return c.page.write(w, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	if err := c.endSessionOf(r); err != nil {
		return err
	}
	http.SetCookie(w, c.cookie(token.String(), untilBrowserEnds))
	http.Redirect(w, r, form.Next, http.StatusSeeOther)
	return nil
}

func (c *console) serveSignOut(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodPost {
		return errMethod(w, "POST")
	}
	if err := c.endSessionOf(r); err != nil {
		return err
	}
	http.SetCookie(w, c.cookie("", deleteCookie))
	http.Redirect(w, r, c.cfg.Path+signInPath, http.StatusSeeOther)
	return nil
}

// endSessionOf ends the session that the request was made in, if any.
func (c *console) endSessionOf(r *http.Request) error {
	session, err := c.session(r)
	if isSignedOut(err) {
		return nil
	}
	if err != nil {
		return err
	}
	ctx := WithCaller(r.Context(), session.caller())
	return c.revoke(ctx, func(tx *revokingTx) error {
		if err := endSession(ctx, tx, session.ID, c.now()); err != nil {
			return err
		}
		return RecordChange(ctx, tx, signOut(session.ID))
	})
}

// signInURL is where to sign in before seeing the page.
func (c *console) signInURL(page *url.URL) string {
	next := c.localPage(page.RequestURI())
	if next == c.cfg.Path+"/" {
		return c.cfg.Path + signInPath
	}
	return c.cfg.Path + signInPath + "?next=" + url.QueryEscape(next)
}

// localPage returns page if it is one of the console, and the first one of the console otherwise, so that no link to
// the sign-in page leads elsewhere.
func (c *console) localPage(page string) string {
	first := c.cfg.Path + "/"
	u, err := url.Parse(page)
	if err != nil || len(page) > maxNextPage ||
		!strings.HasPrefix(u.Path, first) || path.Clean(u.Path) != strings.TrimSuffix(u.Path, "/") {
		return first
	}
	return u.RequestURI() // without a host
}

// isNavigation reports whether a browser asks for a page to show.
func isNavigation(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && strings.Contains(r.Header.Get("Accept"), "text/html")
}

func isSignedOut(err error) bool { return errors.Is(err, errs.Unauthenticated.New("")) }

// errNoConsoleSession asks for the cookie, lest clients take a bearer token for what is wanted. A scheme for cookies was
// never registered; browsers pass over those that they do not know.
func errNoConsoleSession(cause error) error {
	e := errs.Unauthenticated.New("Sign in to the console with a browser first.").Because(cause)
	e.Challenge = `Cookie realm="console"`
	return e
}

func errMethod(w http.ResponseWriter, allowed string) error {
	w.Header().Set("Allow", allowed)
	return errs.MethodNotAllowed.Newf("This path allows %s.", allowed)
}
