package httpapi_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

// seenFrom returns the address that an endpoint is told a request comes from.
func seenFrom(t *testing.T, trusted []netip.Prefix, remote string, forwarded ...string) string {
	t.Helper()
	var seen netip.Addr
	c := apitest.Build(t, httpapi.Config{TrustedProxies: trusted}, func(api *httpapi.API) {
		httpapi.Handle(api, httpapi.Route{
			Pattern: "GET /whoami", ID: "whoAmI", Tag: "Test", Summary: "Who am I?", Access: httpapi.Public,
		}, func(ctx context.Context, _ *httpapi.Empty) (*httpapi.Empty, error) {
			seen = httpapi.ClientAddr(ctx)
			return &httpapi.Empty{}, nil
		})
	})
	r := httptest.NewRequest(http.MethodGet, "/whoami", nil)
	r.RemoteAddr = remote
	for _, value := range forwarded {
		r.Header.Add("X-Forwarded-For", value)
	}
	c.Handler().ServeHTTP(httptest.NewRecorder(), r)
	return seen.String()
}

func TestClientAddr(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.1/32"), netip.MustParsePrefix("2001:db8:1::/48"),
	}
	list := func(values ...string) []string { return values }
	for _, tt := range []struct {
		name, remote string
		forwarded    []string
		want         string
	}{
		{"nothing forwarded", "198.51.100.7:4711", nil, "198.51.100.7"},
		{"a stranger's claim", "198.51.100.7:4711", list("203.0.113.9"), "198.51.100.7"},
		{"a stranger's claim to be a proxy", "198.51.100.7:4711", list("203.0.113.9, 10.0.0.1"), "198.51.100.7"},
		{"a proxy that forwards nothing", "10.0.0.1:80", nil, "10.0.0.1"},
		{"one proxy", "10.0.0.1:80", list("203.0.113.9"), "203.0.113.9"},
		{"a claim through one proxy", "10.0.0.1:80", list("127.0.0.1, 203.0.113.9"), "203.0.113.9"},
		{"a claim to be a proxy through one", "10.0.0.1:80", list("203.0.113.9, 10.9.9.9, 198.51.100.7"), "198.51.100.7"},
		{"two proxies", "10.0.0.1:80", list("198.51.100.7, 203.0.113.9, 192.0.2.1"), "203.0.113.9"},
		{"several headers", "10.0.0.1:80", list("127.0.0.1", "203.0.113.9", "192.0.2.1"), "203.0.113.9"},
		{"several headers with lists", "10.0.0.1:80", list("127.0.0.1, 203.0.113.9", "192.0.2.1, 10.0.0.2"), "203.0.113.9"},
		{"proxies only", "10.0.0.1:80", list("10.0.0.3, 10.0.0.2"), "10.0.0.3"},
		{"ports", "10.0.0.1:80", list("203.0.113.9:5555, 192.0.2.1:443"), "203.0.113.9"},
		{"IPv6", "[2001:db8:1::1]:80", list("2001:db8:2::7"), "2001:db8:2::7"},
		{"IPv6 in brackets", "10.0.0.1:80", list("[2001:db8:2::7]"), "2001:db8:2::7"},
		{"IPv6 with a port", "10.0.0.1:80", list("[2001:db8:2::7]:443, [2001:db8:1::2]:1"), "2001:db8:2::7"},
		{"IPv6 with a zone", "[fe80::1%eth0]:80", nil, "fe80::1"},
		{"IPv4 as IPv6", "[::ffff:198.51.100.7]:80", nil, "198.51.100.7"},
		{"a proxy that is IPv4 as IPv6", "[::ffff:10.0.0.1]:80", list("::ffff:203.0.113.9"), "203.0.113.9"},
		{"empty places", "10.0.0.1:80", list(" , 203.0.113.9 ,, 10.0.0.2,  "), "203.0.113.9"},
		{"an empty header", "10.0.0.1:80", list(""), "10.0.0.1"},
		{"an empty header behind another", "10.0.0.1:80", list("203.0.113.9", ""), "203.0.113.9"},
		{"garbage", "10.0.0.1:80", list("203.0.113.9, unknown"), "10.0.0.1"},
		{"garbage behind a proxy", "10.0.0.1:80", list("203.0.113.9, _hidden, 192.0.2.1"), "192.0.2.1"},
		{"garbage in a claim", "10.0.0.1:80", list("<script>, 203.0.113.9"), "203.0.113.9"},
		{"much", "10.0.0.1:80", list(strings.Repeat("127.0.0.1,", 1000) + "203.0.113.9"), "203.0.113.9"},
		{"no address", "@", list("203.0.113.9"), "invalid IP"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := seenFrom(t, proxies, tt.remote, tt.forwarded...); got != tt.want {
				t.Errorf("%s with %q comes from %s, want %s", tt.remote, tt.forwarded, got, tt.want)
			}
		})
	}
	if got := seenFrom(t, nil, "10.0.0.1:80", "203.0.113.9"); got != "10.0.0.1" {
		t.Errorf("without trusted proxies the client is %s, want that of the connection", got)
	}
}

func FuzzClientAddr(f *testing.F) {
	f.Add("203.0.113.9, 10.0.0.2")
	f.Add("[::1]:80,,x")
	f.Add("]")
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	f.Fuzz(func(t *testing.T, claim string) {
		if strings.ContainsFunc(claim, func(c rune) bool { return c < ' ' || c > '~' }) {
			return
		}
		// Whatever the client writes, what the proxy adds behind it counts.
		if got := seenFrom(t, trusted, "10.0.0.1:80", claim+", 203.0.113.9"); got != "203.0.113.9" {
			t.Errorf("%q lets a client come from %s, want 203.0.113.9", claim, got)
		}
	})
}
