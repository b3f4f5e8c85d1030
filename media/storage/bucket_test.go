package storage_test

import (
	"testing"

	"github.com/shumbooking/shumbooking/media/storage"
	"github.com/shumbooking/shumbooking/media/storage/storagetest"
)

// openBucket returns the store in a bucket of a server.
func openBucket(t *testing.T, server *storagetest.Server) *storage.Bucket {
	t.Helper()
	b, err := storage.OpenBucket(server.Config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}
