package main

import (
	"bytes"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/media/storage"
)

// inBucket returns the environment of a program that keeps its images in a bucket, with variables set otherwise.
func inBucket(changed map[string]string) func(string) string {
	vars := map[string]string{
		"IMAGES_DIR": "", "S3_BUCKET": "photographs", "S3_ENDPOINT": "https://s3.example.com",
		"S3_ACCESS_KEY_ID": "key-id", "S3_SECRET_ACCESS_KEY": "bucket-secret",
	}
	maps.Copy(vars, changed)
	return environmentWith(vars)
}

func TestImageSettings(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		changed map[string]string
		problem string // begins a line of the error, which is nil when empty
	}{
		{"bucket", nil, ""},
		{"bucket with everything", map[string]string{"S3_REGION": "eu-central-1", "S3_PREFIX": "shum/booking", "MAX_IMAGE_FILE_SIZE_MB": "50"}, ""},
		{"directory", map[string]string{
			"IMAGES_DIR": "images", "S3_BUCKET": "", "S3_ENDPOINT": "", "S3_ACCESS_KEY_ID": "", "S3_SECRET_ACCESS_KEY": "", "S3_REGION": "x",
		}, ""},
		{"both", map[string]string{"IMAGES_DIR": "images"}, "IMAGES_DIR and S3_BUCKET are both set"},
		{"neither", map[string]string{"S3_BUCKET": ""}, "IMAGES_DIR or S3_BUCKET is required"},
		{"endpoint alone", map[string]string{"S3_BUCKET": ""}, "S3_ENDPOINT is set without S3_BUCKET"},
		{"key alone", map[string]string{"S3_BUCKET": ""}, "S3_ACCESS_KEY_ID is set without S3_BUCKET"},
		{"secret alone", map[string]string{"S3_BUCKET": ""}, "S3_SECRET_ACCESS_KEY is set without S3_BUCKET"},
		{"no endpoint", map[string]string{"S3_ENDPOINT": ""}, "S3_ENDPOINT is required with S3_BUCKET"},
		{"no key", map[string]string{"S3_ACCESS_KEY_ID": ""}, "S3_ACCESS_KEY_ID is required with S3_BUCKET"},
		{"no secret", map[string]string{"S3_SECRET_ACCESS_KEY": ""}, "S3_SECRET_ACCESS_KEY is required with S3_BUCKET"},
		{"bucket in upper case", map[string]string{"S3_BUCKET": "Photographs"}, "S3_BUCKET is"},
		{"short bucket", map[string]string{"S3_BUCKET": "ab"}, "S3_BUCKET is"},
		{"prefix with a slash", map[string]string{"S3_PREFIX": "a/"}, "S3_PREFIX is"},
		{"prefix that leaves", map[string]string{"S3_PREFIX": "../a"}, "S3_PREFIX is"},
		{"endpoint without scheme", map[string]string{"S3_ENDPOINT": "s3.example.com"}, "S3_ENDPOINT is"},
		{"endpoint with path", map[string]string{"S3_ENDPOINT": "https://s3.example.com/x"}, "S3_ENDPOINT is"},
		{"endpoint with port alone", map[string]string{"S3_ENDPOINT": "https://:9000"}, "S3_ENDPOINT is"},
		{"endpoint with a password", map[string]string{"S3_ENDPOINT": "https://user:bucket-secret@s3.example.com"}, "S3_ENDPOINT is"},
		{"other scheme", map[string]string{"S3_ENDPOINT": "s3://s3.example.com"}, "S3_ENDPOINT is"},
		{"no size", map[string]string{"MAX_IMAGE_FILE_SIZE_MB": "0"}, "MAX_IMAGE_FILE_SIZE_MB is"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := readSettings(inBucket(tt.changed), serving)
			if (err == nil) != (tt.problem == "") || (err != nil && !strings.Contains(err.Error(), "\n"+tt.problem)) {
				t.Errorf("readSettings() = %v, want a line that begins with %q", err, tt.problem)
			}
			if err != nil && strings.Contains(err.Error(), "bucket-secret") {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
}

func TestBucketWithoutTLS(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		environment, endpoint string
		warnings              int
	}{
		{envProduction, "http://minio:9000", 1},
		{envProduction, "https://minio:9000", 0},
		{envProduction, "http://localhost:9000", 0},
		{envProduction, "http://[::1]:9000", 0},
		{envProduction, "http://127.0.0.1:9000", 0},
		{envTest, "http://minio:9000", 0},
	} {
		s, err := readSettings(inBucket(map[string]string{"APP_ENV": tt.environment, "S3_ENDPOINT": tt.endpoint}), serving)
		if err != nil {
			t.Fatal(err)
		}
		if len(s.warnings) != tt.warnings {
			t.Errorf("%s in %s: warnings %q, want %d", tt.endpoint, tt.environment, s.warnings, tt.warnings)
		}
	}
}

func TestImageSettingsAreLoggedRedacted(t *testing.T) {
	t.Parallel()
	s, err := readSettings(inBucket(nil), serving)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	newLogger(&log, s).Info("starting", "settings", s)
	if strings.Contains(log.String(), "bucket-secret") {
		t.Errorf("the log shows the secret: %s", &log)
	}
	for _, shown := range []string{`"bucket":"photographs"`, `"access_key_id":"key-id"`, `"secret_access_key":"[redacted]"`, `"max_file_size":10485760`} {
		if !strings.Contains(log.String(), shown) {
			t.Errorf("the log lacks %s: %s", shown, &log)
		}
	}
}

func TestOpenStore(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "b")
	s, err := openStore(imageSettings{dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := s.(*storage.Dir); !ok {
		t.Errorf("a directory is opened as %T", s)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	withBucket, err := readSettings(inBucket(nil), serving)
	if err != nil {
		t.Fatal(err)
	}
	if s, err = openStore(withBucket.images); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.(*storage.Bucket); !ok {
		t.Errorf("a bucket is opened as %T", s)
	}
	if s, err := openStore(imageSettings{dir: "/dev/null/x"}); err == nil || s != nil {
		t.Errorf("openStore() below a file = %v, %v; want nil and an error", s, err)
	}
}
