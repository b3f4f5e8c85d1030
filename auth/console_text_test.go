package auth_test

import (
	"net/http"
	"strings"
	"testing"
)

// What somebody types comes back as text, whatever it looks like.
func TestConsoleShowsTextAsText(t *testing.T) {
	t.Parallel()
	b := setupConsole(t)
	for typed, shown := range map[string]string{
		`"><script>alert(1)</script>`:      `value="&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"`,
		`x" autofocus onfocus="alert(1)`:   `value="x&#34; autofocus onfocus=&#34;alert(1)"`,
		`anna@example.com</form>{{.Fail}}`: `value="anna@example.com&lt;/form&gt;{{.Fail}}"`,
	} {
		page := b.browser(t).signIn(typed, goodPassword).want(http.StatusUnprocessableEntity)
		if strings.Contains(page.body, typed) || !strings.Contains(page.body, shown) {
			t.Errorf("%s is shown by\n%s\nwant %s", typed, page.body, shown)
		}
	}
}
