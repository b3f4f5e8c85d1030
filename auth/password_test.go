package auth_test

import (
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/auth"
)

func TestDefaultCost(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s, err := auth.New(b.db, auth.Config{SecretKey: secret})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.SignUp(t.Context(), &auth.SignUpParams{Email: "anna@example.com", Password: goodPassword}); err != nil {
		t.Fatal(err)
	}
	var hash string
	if err := b.db.QueryRow(t.Context(), `SELECT password_hash FROM users`).Scan(&hash); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash = %s, want argon2id with 19 MiB, 2 passes, 1 lane", hash)
	}
	if _, err := s.Login(t.Context(), &auth.LoginParams{Email: "anna@example.com", Password: goodPassword}); err != nil {
		t.Errorf("Login() = %v", err)
	}
}

const samplePHC = "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"

func TestReadPasswordHash(t *testing.T) {
	t.Parallel()
	again, cost, err := auth.ReadPasswordHash(samplePHC)
	if err != nil || again != samplePHC || cost != (auth.Argon2{MemoryKiB: 19456, Passes: 2, Lanes: 1}) {
		t.Errorf("ReadPasswordHash() = %s, %+v, %v", again, cost, err)
	}
	for name, edit := range map[string][2]string{
		"other algorithm": {"argon2id", "argon2i"}, "other version": {"v=19", "v=16"},
		"gigabytes": {"m=19456", "m=4194304"}, "endless": {"t=2", "t=4000000"}, "no pass": {"t=2", "t=0"},
		"many lanes": {"p=1", "p=255"}, "lanes that wrap": {"p=1", "p=257"}, "no lane": {"p=1", "p=0"},
		"order": {"m=19456,t=2", "t=2,m=19456"}, "leading zero": {"t=2", "t=02"}, "more": {"p=1", "p=1,x=1"},
		"salt missing": {"MDEyMzQ1Njc4OWFiY2RlZg$", "$"}, "padding": {"ZWY", "ZWY="}, "no salt field": {"$MDEyMzQ1Njc4OWFiY2RlZg$", "$"},
		"line break": {"ZWY", "\nZWY"}, "malleated": {"ZWY", "ZWZ"}, "bcrypt": {samplePHC, "$2a$10$abcdefghijklmnopqrstuv"},
	} {
		if _, _, err := auth.ReadPasswordHash(strings.Replace(samplePHC, edit[0], edit[1], 1)); err == nil {
			t.Errorf("%s: is read", name)
		}
	}
}

func FuzzReadPasswordHash(f *testing.F) {
	f.Add(samplePHC)
	f.Add("$argon2id$v=19$m=8,t=1,p=1$MDEyMzQ1Njc$MDEyMzQ1Njc4OWFiY2RlZg")
	f.Add("$$$$$")
	f.Fuzz(func(t *testing.T, s string) {
		again, cost, err := auth.ReadPasswordHash(s)
		if err != nil {
			return
		}
		if again != s {
			t.Errorf("%q is read as %q", s, again)
		}
		if cost.MemoryKiB > 1<<20 || cost.Passes > 16 || cost.Lanes > 16 {
			t.Errorf("%q would cost %+v", s, cost)
		}
	})
}

func BenchmarkHashPassword(b *testing.B) {
	w := setup(b)
	s, err := auth.New(w.db, auth.Config{SecretKey: secret})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		_, err := s.Login(b.Context(), &auth.LoginParams{Email: "nobody@example.com", Password: goodPassword})
		if err == nil {
			b.Fatal("nobody signed in")
		}
	}
}
