//go:build unix

package pgserver

import (
	"archive/tar"
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/xi2/xz"
)

// The programs come from the zonkyio/embedded-postgres-binaries project as
// published on Maven Central, complete with the contrib extensions. They are
// pinned by checksum, so that what runs is what was tried.
const (
	repository      = "https://repo1.maven.org/maven2/io/zonky/test/postgres"
	downloadVersion = "17.5.0"
	downloadLimit   = 64 << 20
)

// archive is one published archive of programs.
type archive struct {
	url    string
	sha256 string
}

// published returns the archive for a platform, without a checksum if there is none.
func published(platform string) archive {
	name := "embedded-postgres-binaries-" + platform
	sums := map[string]string{
		"linux-amd64":        "646f3269075d1a23904127374e3cdbcef96beb32979fedee25d835877400fcbe",
		"linux-arm64v8":      "e02f27ff50ff2d90b6541d54f3f108505aacd84ea53c2890e976a684bfea2752",
		"linux-amd64-alpine": "7122386c7f7a089568f05720ada63448093d4065abbc0a89e6dc660851a53e3c",
		"darwin-amd64":       "fb70f783928e77c3d6ef5ca8ed644f1ac502f740fcfc032a375c8347820f2bdd",
		"darwin-arm64v8":     "e9d3398e10c2ec926395498b03e75ad1a24eeaed82895e756a7e173b202cf6de",
	}
	return archive{
		url:    fmt.Sprintf("%s/%s/%s/%s-%s.jar", repository, name, downloadVersion, name, downloadVersion),
		sha256: sums[platform],
	}
}

// platform names this machine as the published archives do.
func platform() string {
	name := runtime.GOOS + "-" + runtime.GOARCH
	if runtime.GOARCH == "arm64" {
		name += "v8"
	}
	if _, err := os.Stat("/etc/alpine-release"); err == nil {
		name += "-alpine"
	}
	return name
}

// CacheDir returns the directory for what this program keeps between runs and
// could make again: under the user's cache directory, and in /var/cache for
// root, whose home the server's user cannot enter.
func CacheDir() (string, error) {
	const name = "shum-booking"
	if os.Geteuid() == 0 {
		return filepath.Join("/var/cache", name), nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, name), nil
}

// download returns programs from the cache, fetching them first if need be.
func download(ctx context.Context, c Config, from archive) (binaries, error) {
	cache := c.CacheDir
	if cache == "" {
		var err error
		if cache, err = CacheDir(); err != nil {
			return binaries{}, err
		}
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return binaries{}, err
	}
	// Several test binaries start at once; one downloads and the rest wait.
	lock, err := lockFile(filepath.Join(cache, "download.lock"), syscall.LOCK_EX)
	if err != nil {
		return binaries{}, err
	}
	defer lock.Close()
	target := filepath.Join(cache, "postgresql-"+downloadVersion+"-"+platform())
	bin := filepath.Join(target, "bin")
	if b, err := inspect(ctx, bin); err == nil {
		return b, nil
	}
	c.Log.Info("downloading PostgreSQL, once", "version", downloadVersion, "platform", platform(), "into", target)
	if err := install(ctx, from, cache, target); err != nil {
		return binaries{}, fmt.Errorf("no PostgreSQL of version %d or newer is installed, and the download failed: %w", minimumMajor, err)
	}
	return inspect(ctx, bin)
}

// install unpacks beside the target and renames, so that an interrupted
// download leaves nothing that looks complete.
func install(ctx context.Context, from archive, cache, target string) error {
	if from.sha256 == "" {
		return fmt.Errorf("there are no programs for %s", platform())
	}
	jar, err := os.CreateTemp(cache, "download-")
	if err != nil {
		return err
	}
	defer os.Remove(jar.Name())
	defer jar.Close()
	size, err := from.fetch(ctx, jar)
	if err != nil {
		return err
	}
	unfinished, err := os.MkdirTemp(cache, "unpack-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(unfinished)
	if err := os.Chmod(unfinished, 0o755); err != nil {
		return err
	}
	if err := unpack(jar, size, unfinished); err != nil {
		return fmt.Errorf("unpack %s: %w", from.url, err)
	}
	if err := os.RemoveAll(target); err != nil {
		return err
	}
	return os.Rename(unfinished, target)
}

// fetch writes the archive to w and returns its size, or an error when it is
// not the one expected.
func (a archive) fetch(ctx context.Context, w io.Writer) (int64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.url, http.NoBody)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s: %s", a.url, response.Status)
	}
	hash := sha256.New()
	size, err := io.Copy(io.MultiWriter(w, hash), io.LimitReader(response.Body, downloadLimit))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", a.url, err)
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != a.sha256 {
		return 0, fmt.Errorf("%s: SHA-256 is %s, want %s", a.url, got, a.sha256)
	}
	return size, nil
}

// unpack extracts the compressed tar file that the jar contains.
func unpack(jar io.ReaderAt, size int64, dir string) error {
	contents, err := zip.NewReader(jar, size)
	if err != nil {
		return err
	}
	for _, entry := range contents.File {
		if path.Ext(entry.Name) != ".txz" {
			continue
		}
		packed, err := entry.Open()
		if err != nil {
			return err
		}
		defer packed.Close()
		plain, err := xz.NewReader(packed, 0)
		if err != nil {
			return err
		}
		return untar(plain, dir)
	}
	return errors.New("no programs inside")
}

// untar writes the files of a tar archive below dir and nowhere else.
func untar(r io.Reader, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for files := tar.NewReader(r); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name := path.Clean(strings.TrimPrefix(header.Name, "./"))
		if err := extract(root, name, header, files); err != nil {
			return fmt.Errorf("%s: %w", header.Name, err)
		}
	}
}

func extract(root *os.Root, name string, header *tar.Header, content io.Reader) error {
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	switch header.Typeflag {
	case tar.TypeDir:
		return root.MkdirAll(name, 0o755)
	case tar.TypeSymlink:
		return root.Symlink(header.Linkname, name)
	case tar.TypeReg:
		mode := fs.FileMode(0o644) | fs.FileMode(header.Mode)&0o111
		file, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
		if err != nil {
			return err
		}
		_, err = io.Copy(file, content)
		return errors.Join(err, file.Close())
	}
	return nil
}
