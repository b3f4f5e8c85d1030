//go:build unix

package kvtest

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"

	"github.com/redis/go-redis/v9"

	"github.com/shumbooking/shumbooking/platform/kv"
	"github.com/shumbooking/shumbooking/platform/tlstest"
)

// ServeTLS lets the server speak TLS on another port with a certificate, and returns how to reach that.
func (s *Server) ServeTLS(cert tlstest.Certificate) kv.Config {
	s.tb.Helper()
	dir := s.tb.TempDir()
	certFile, keyFile := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	if err := errors.Join(os.WriteFile(certFile, cert.Cert, 0o600), os.WriteFile(keyFile, cert.Key, 0o600)); err != nil {
		s.tb.Fatalf("kvtest: %v", err)
	}
	ctx := s.tb.Context()
	port, err := freePort(ctx)
	if err != nil {
		s.tb.Fatalf("kvtest: %v", err)
	}
	client := redis.NewClient(&redis.Options{Addr: s.addr})
	err = client.Do(ctx, "config", "set", "tls-auth-clients", "no", "tls-cert-file", certFile, "tls-key-file", keyFile,
		"tls-port", port).Err()
	if err := errors.Join(err, client.Close()); err != nil {
		s.tb.Fatalf("kvtest: speak TLS: %v", err)
	}
	c := s.Config()
	if c.Port, err = strconv.Atoi(port); err != nil {
		s.tb.Fatalf("kvtest: %v", err)
	}
	return c
}
