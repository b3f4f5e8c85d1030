// Package nginx attacks the proxy: a real nginx with the configuration of this repository, before a server that
// records what reaches it or before the real API.
package nginx
