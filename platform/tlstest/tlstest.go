// Package tlstest gives tests certificates of authorities that nobody else knows.
package tlstest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// An Authority signs certificates. Its own is in PEM at File.
type Authority struct {
	File string

	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// A Certificate is a server's, with its key, both in PEM.
type Certificate struct {
	Cert, Key []byte
	Serial    *big.Int
}

// NewAuthority returns an authority whose file is gone when the test ends.
func NewAuthority(tb testing.TB) *Authority {
	tb.Helper()
	a := &Authority{File: filepath.Join(tb.TempDir(), "ca.crt"), key: newKey(tb)}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: newSerial(tb), Subject: pkix.Name{CommonName: "An authority for tests"},
		NotBefore: now.Add(-48 * time.Hour), NotAfter: now.Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.cert = template
	der := a.sign(tb, template, a.key)
	var err error
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(a.File, encode("CERTIFICATE", der), 0o600); err != nil {
		tb.Fatal(err)
	}
	return a
}

// Pool returns the authority as the only one to trust.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// Issue returns a certificate of a day's validity until a moment, for a name or an address.
func (a *Authority) Issue(tb testing.TB, host string, until time.Time) Certificate {
	tb.Helper()
	key := newKey(tb)
	template := &x509.Certificate{
		SerialNumber: newSerial(tb), Subject: pkix.Name{CommonName: host},
		NotBefore: until.Add(-24 * time.Hour), NotAfter: until,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{host}
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		tb.Fatal(err)
	}
	return Certificate{
		Cert: encode("CERTIFICATE", a.sign(tb, template, key)), Key: encode("PRIVATE KEY", der), Serial: template.SerialNumber,
	}
}

// sign returns the certificate of a key in DER.
func (a *Authority) sign(tb testing.TB, template *x509.Certificate, key *ecdsa.PrivateKey) []byte {
	tb.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		tb.Fatal(err)
	}
	return der
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func newKey(tb testing.TB) *ecdsa.PrivateKey {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

func newSerial(tb testing.TB) *big.Int {
	tb.Helper()
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		tb.Fatal(err)
	}
	return serial
}
