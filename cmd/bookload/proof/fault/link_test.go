package fault_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// directions are those in which toxiproxy lets things go wrong, as it calls them: to the server, and to the client.
const (
	toServer = "upstream"
	toClient = "downstream"
)

// A link is the way from the service to a server, which can be put out of order.
type link struct {
	tb    testing.TB
	proxy *toxiproxy.Proxy
	sent  *meter // by the service
}

// newLink returns a link to a server at an address.
func newLink(tb testing.TB, upstream string) *link {
	tb.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	l := &link{tb: tb, proxy: toxiproxy.NewProxy(server, "link", "127.0.0.1:0", upstream)}
	if err := l.proxy.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(l.proxy.Stop)
	l.sent = l.add(toxic{kind: "meter", direction: toServer}).(*meter)
	return l
}

// addr is where the service finds the server.
func (l *link) addr() string { return l.proxy.Listen }

// A toxic is one of toxiproxy's, with its attributes in a direction.
type toxic struct {
	kind, direction string
	attributes      map[string]int
}

func (x toxic) name() string { return x.kind + "_" + x.direction }

// add begins what a toxic does, to the connections there are and to those that come, and returns toxiproxy's own.
func (l *link) add(x toxic) any {
	l.tb.Helper()
	text, err := json.Marshal(map[string]any{
		"name": x.name(), "type": x.kind, "stream": x.direction, "attributes": x.attributes,
	})
	if err != nil {
		l.tb.Fatal(err)
	}
	added, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(string(text)))
	if err != nil {
		l.tb.Fatal(err)
	}
	return added.Toxic
}

// remove ends it.
func (l *link) remove(x toxic) {
	l.tb.Helper()
	if err := l.proxy.Toxics.RemoveToxic(l.tb.Context(), x.name()); err != nil {
		l.tb.Fatal(err)
	}
}

// cut ends all connections and refuses others, until mend.
func (l *link) cut() { l.proxy.Stop() }

func (l *link) mend() {
	l.tb.Helper()
	if err := l.proxy.Start(); err != nil {
		l.tb.Fatal(err)
	}
}
