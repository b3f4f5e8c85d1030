package httpapi

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// forwardedFor lists the addresses that a request came by, each added by the proxy it reached.
const forwardedFor = "X-Forwarded-For"

// ClientAddr returns the address of the client that made the request of ctx: that of the connection, or where that
// is one of Config.TrustedProxies, the last address of X-Forwarded-For that is none of them. It is an IPv4 address
// also if it came as IPv6, and the zero Addr for connections that have none.
func ClientAddr(ctx context.Context) netip.Addr { return exchangeOf(ctx).client }

// clientAddr finds the address for ClientAddr. What a client claims about itself stands to the left of what a
// trusted proxy has seen, so that the header is read from its end.
func (a *API) clientAddr(r *http.Request) netip.Addr {
	client := parseAddr(r.RemoteAddr)
	if !a.isTrustedProxy(client) {
		return client
	}
	values := r.Header.Values(forwardedFor)
	for _, value := range slices.Backward(values) {
		for value != "" {
			i := strings.LastIndexByte(value, ',')
			hop := strings.TrimSpace(value[i+1:])
			value = value[:max(i, 0)]
			if hop == "" {
				continue
			}
			next := parseAddr(hop)
			if !next.IsValid() {
				// A trusted proxy that does not say whom it serves answers for them.
				return client
			}
			client = next
			if !a.isTrustedProxy(client) {
				return client
			}
		}
	}
	return client
}

// parseAddr reads an address with or without a port, in brackets or not. It returns the zero Addr for anything else.
func parseAddr(s string) netip.Addr {
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	if err != nil {
		withPort, err := netip.ParseAddrPort(s)
		if err != nil {
			return netip.Addr{}
		}
		addr = withPort.Addr()
	}
	return addr.Unmap().WithZone("")
}

func (a *API) isTrustedProxy(addr netip.Addr) bool {
	return slices.ContainsFunc(a.cfg.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}
