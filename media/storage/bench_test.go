package storage_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/shumbooking/shumbooking/media/storage"
	"github.com/shumbooking/shumbooking/media/storage/storagetest"
)

// photographSize is that of a large variant.
const photographSize = 200_000

func benchmarkPut(b *testing.B, s storage.Store) {
	b.Helper()
	text := make([]byte, photographSize)
	b.SetBytes(photographSize)
	for b.Loop() {
		if err := s.Put(b.Context(), "images/a", bytes.NewReader(text), photographSize); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkOpen(b *testing.B, s storage.Store) {
	b.Helper()
	if err := s.Put(b.Context(), "images/a", bytes.NewReader(make([]byte, photographSize)), photographSize); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(photographSize)
	for b.Loop() {
		f, err := s.Open(b.Context(), "images/a")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, f); err != nil {
			b.Fatal(err)
		}
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDirPut(b *testing.B) {
	d, _ := openDir(b)
	benchmarkPut(b, d)
}

func BenchmarkDirOpen(b *testing.B) {
	d, _ := openDir(b)
	benchmarkOpen(b, d)
}

func BenchmarkBucketPut(b *testing.B) { benchmarkPut(b, openBucket(b, storagetest.NewServer(b))) }

func BenchmarkBucketOpen(b *testing.B) { benchmarkOpen(b, openBucket(b, storagetest.NewServer(b))) }
