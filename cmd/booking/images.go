package main

import (
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"regexp"

	"github.com/shumbooking/shumbooking/media/storage"
	"github.com/shumbooking/shumbooking/platform/config"
)

const (
	defaultMaxImageSize = 10 // MiB
	defaultRegion       = "us-east-1"
)

// imageSettings say where photographs are kept, either in a directory or in a bucket, and how large they may be.
type imageSettings struct {
	dir         string
	bucket      bucketSettings
	maxFileSize int64 // in bytes
}

// bucketSettings name a bucket. Without a name there is none.
type bucketSettings struct {
	name, endpoint, region, prefix string
	accessKeyID                    string
	secretAccessKey                config.Secret
}

func (s *settings) readImages(r *config.Reader, n needs) imageSettings {
	i := imageSettings{
		dir:         r.String("IMAGES_DIR", ""),
		bucket:      s.readBucket(r, n),
		maxFileSize: int64(r.Int("MAX_IMAGE_FILE_SIZE_MB", defaultMaxImageSize, config.Limits{Min: 1, Max: 50})) << 20,
	}
	switch {
	case i.dir != "" && i.bucket.name != "":
		r.Reject("IMAGES_DIR", "and S3_BUCKET are both set: images are kept in one place")
	case i.dir == "" && i.bucket.name == "" && n.serving:
		r.Reject("IMAGES_DIR", "or S3_BUCKET is required")
	}
	return i
}

// readBucket leaves the region out of what is useless without a bucket, as it has a default. Commands that serve nobody
// look at no image, and need not be trusted with the keys.
func (s *settings) readBucket(r *config.Reader, n needs) bucketSettings {
	b := bucketSettings{
		name: r.String("S3_BUCKET", ""), region: r.String("S3_REGION", defaultRegion), prefix: r.String("S3_PREFIX", ""),
		endpoint: r.String("S3_ENDPOINT", ""), accessKeyID: r.String("S3_ACCESS_KEY_ID", ""),
		secretAccessKey: s.secret(r, "S3_SECRET_ACCESS_KEY"),
	}
	for _, v := range []struct{ name, value string }{
		{"S3_ENDPOINT", b.endpoint}, {"S3_ACCESS_KEY_ID", b.accessKeyID}, {"S3_SECRET_ACCESS_KEY", string(b.secretAccessKey)},
	} {
		switch {
		case v.value == "" && b.name != "" && n.serving:
			r.Reject(v.name, "is required with S3_BUCKET")
		case v.value != "" && b.name == "":
			r.Reject(v.name, "is set without S3_BUCKET")
		}
	}
	if b.name != "" && !bucketName.MatchString(b.name) {
		r.Reject("S3_BUCKET", "is %q, want 3 to 63 lower-case letters, digits, dots and hyphens", b.name)
	}
	if b.prefix != "" && storage.CheckKey(b.prefix) != nil {
		r.Reject("S3_PREFIX", "is %q, want a path such as booking/images, in lower case and without slashes around it", b.prefix)
	}
	if b.endpoint != "" {
		s.checkEndpoint(r, b.endpoint)
	}
	return b
}

// bucketName is what a bucket can be called.
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// checkEndpoint does not tell the value that is wrong, since there may be a password in it.
func (s *settings) checkEndpoint(r *config.Reader, endpoint string) {
	u, err := url.Parse(endpoint)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || endpoint != u.Scheme+"://"+u.Host {
		r.Reject("S3_ENDPOINT", "is not a URL such as https://s3.eu-central-1.amazonaws.com, without a path")
		return
	}
	if u.Scheme == "http" && s.environment == envProduction && !isThisMachine(u.Hostname()) {
		s.warn("S3_ENDPOINT is not https: whoever is on the way can read the images")
	}
}

func isThisMachine(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && address.IsLoopback())
}

// openStore opens the store that the settings name. It does not connect to a bucket yet.
func openStore(s imageSettings) (storage.Store, error) {
	if s.bucket.name == "" {
		dir, err := storage.OpenDir(s.dir)
		if err != nil {
			return nil, err
		}
		return dir, nil
	}
	bucket, err := storage.OpenBucket(storage.BucketConfig{
		Endpoint: s.bucket.endpoint, Region: s.bucket.region, Bucket: s.bucket.name, Prefix: s.bucket.prefix,
		AccessKeyID: s.bucket.accessKeyID, SecretAccessKey: string(s.bucket.secretAccessKey),
	})
	if err != nil {
		return nil, err
	}
	return bucket, nil
}

// volumes names the directories that fill up: where images are kept, unless that is a bucket, and where they wait.
func volumes(s imageSettings) map[string]string {
	dirs := map[string]string{"temporary": os.TempDir()}
	if s.bucket.name == "" {
		dirs["images"] = s.dir
	}
	return dirs
}

// LogValue shows the settings without the secret.
func (s imageSettings) LogValue() slog.Value {
	size := slog.Int64("max_file_size", s.maxFileSize)
	if s.bucket.name == "" {
		return slog.GroupValue(slog.String("dir", s.dir), size)
	}
	return slog.GroupValue(
		slog.String("bucket", s.bucket.name), slog.String("endpoint", s.bucket.endpoint),
		slog.String("region", s.bucket.region), slog.String("prefix", s.bucket.prefix),
		slog.String("access_key_id", s.bucket.accessKeyID), slog.Any("secret_access_key", s.bucket.secretAccessKey), size,
	)
}
