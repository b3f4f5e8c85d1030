// Package proxy runs the nginx of this repository in tests, from the files that deployments use.
//
// The templates are rendered as the entrypoint of the official image does it: 10-settings.envsh is sourced by a POSIX
// shell, and envsubst puts in those variables only that its filter lets through. What differs is where: the ports are
// free ones, and a directory of the test takes the place of /tmp/nginx.
package proxy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	startTimeout = time.Minute
	// written is what the configuration names as the only place to write to.
	written = "/tmp/nginx"
	pidFile = "nginx.pid"
)

// Settings are the environment of the proxy, by the names of the settings, such as NGINX_API_SERVERS. Those that are
// not given have the defaults of 10-settings.envsh, except for ports and IMAGES: they are free ones, and a directory
// that is empty.
type Settings map[string]string

// A Server is an nginx that runs until the test ends.
type Server struct {
	// URL is where clients find it, without a slash at the end and without ROOT_PATH.
	URL string
	// StatusURL is where probes find it.
	StatusURL string
	// Images is the directory that it serves images from, NGINX_IMAGES_DIR.
	Images string

	log, pid string
	process  *exec.Cmd
}

// Start renders the files of this repository with the settings and runs nginx until the test ends. It fails the test
// when nginx refuses them, and returns when nginx answers.
func Start(tb testing.TB, s Settings) *Server {
	tb.Helper()
	return StartFrom(tb, Files(tb), s)
}

// StartFrom is Start with another directory of files, such as a damaged copy.
func StartFrom(tb testing.TB, files string, s Settings) *Server {
	tb.Helper()
	// Another process may take the ports between their choice and their use.
	const tries = 5
	var err error
	for range tries {
		var server *Server
		if server, err = start(tb, files, s); err == nil {
			return server
		}
		if !strings.Contains(err.Error(), "Address already in use") {
			break
		}
	}
	tb.Fatalf("start nginx: %v", err)
	return nil
}

// Files returns the directory of the proxy's files in this repository.
func Files(tb testing.TB) string {
	tb.Helper()
	_, source, _, ok := runtime.Caller(0)
	if !ok {
		tb.Fatal("the sources of this package are not known")
	}
	return filepath.Join(filepath.Dir(source), "..", "..", "..", "nginx")
}

// Log returns what nginx has written so far: its access log, and its errors.
func (s *Server) Log(tb testing.TB) string {
	tb.Helper()
	text, err := os.ReadFile(s.log)
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

// Quit tells nginx to finish the requests it has and to end, as an orchestrator does, and waits until it has.
func (s *Server) Quit(tb testing.TB) {
	tb.Helper()
	if err := s.process.Process.Signal(syscall.SIGQUIT); err != nil {
		tb.Fatal(err)
	}
	if err := s.process.Wait(); err != nil {
		tb.Errorf("nginx ends with %v, want success", err)
	}
}

func start(tb testing.TB, files string, s Settings) (*Server, error) {
	tb.Helper()
	port, status := freePorts(tb)
	settings := Settings{"NGINX_PORT": port, "NGINX_STATUS_PORT": status, "NGINX_IMAGES_DIR": emptyDir(tb)}
	maps.Copy(settings, s)
	config, err := Render(tb, files, settings)
	if err != nil {
		return nil, err
	}
	return Run(tb, config, settings)
}

// Run starts nginx with a configuration that Render wrote with the same settings, which must have the ports.
func Run(tb testing.TB, config string, settings Settings) (*Server, error) {
	tb.Helper()
	server := &Server{
		URL:       "http://" + net.JoinHostPort("127.0.0.1", settings["NGINX_PORT"]),
		StatusURL: "http://" + net.JoinHostPort("127.0.0.1", settings["NGINX_STATUS_PORT"]),
		Images:    settings["NGINX_IMAGES_DIR"], log: filepath.Join(tb.TempDir(), "log"),
		pid: filepath.Join(filepath.Dir(config), pidFile),
	}
	return server, server.run(tb, config)
}

// Render writes the configuration as the image's entrypoint does, and returns the path of the main file.
func Render(tb testing.TB, files string, s Settings) (string, error) {
	tb.Helper()
	main, rendered := emptyDir(tb), filepath.Join(emptyDir(tb), "nginx")
	cmd := exec.CommandContext(tb.Context(), "sh", "-c", entrypoint, "sh", files) //nolint:gosec // files of a test
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "NGINX_ENVSUBST_OUTPUT_DIR=" + rendered}
	for name, value := range s {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("render: %w: %s", err, output)
	}
	text, err := os.ReadFile(filepath.Join(files, "nginx.conf")) //nolint:gosec // files of a test
	if err != nil {
		return "", fmt.Errorf("render: %w", err)
	}
	config := filepath.Join(main, "nginx.conf")
	text = bytes.ReplaceAll(text, []byte(written+"/"+pidFile), []byte(filepath.Join(main, pidFile)))
	text = bytes.ReplaceAll(text, []byte(written), []byte(rendered))
	if err := os.WriteFile(config, text, 0o600); err != nil { //nolint:gosec // files of a test
		return "", fmt.Errorf("render: %w", err)
	}
	return config, nil
}

// entrypoint does what those of the image do between the start of the container and that of nginx: environment
// files are sourced, then every template is rendered with the variables whose names pass the filter.
const entrypoint = `set -e
files="$1"
[ -x "$files/10-settings.envsh" ] || { echo "10-settings.envsh is not executable" >&2; exit 1; }
. "$files/10-settings.envsh"
names="$(awk 'BEGIN { for (name in ENVIRON) if (name ~ ENVIRON["NGINX_ENVSUBST_FILTER"]) printf "${%s} ", name }' </dev/null)"
for template in "$files"/templates/*.template; do
	name="${template##*/}"
	envsubst "$names" <"$template" >"$NGINX_ENVSUBST_OUTPUT_DIR/${name%.template}"
done`

// Check returns what nginx -t says of a configuration, and an error when it refuses it.
func Check(tb testing.TB, config string) (string, error) {
	tb.Helper()
	cmd := exec.CommandContext(tb.Context(), Program(tb), "-t", "-q", "-e", "stderr", "-c", config) //nolint:gosec // see Program
	output, err := cmd.CombinedOutput()
	return string(output), err
}

// Program returns the path of nginx, which Debian keeps out of the PATH of users.
func Program(tb testing.TB) string {
	tb.Helper()
	for _, name := range []string{"nginx", "/usr/sbin/nginx"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	tb.Fatal("nginx is not installed")
	return ""
}

// run starts nginx, as the image does it, and waits until it answers.
func (s *Server) run(tb testing.TB, config string) error {
	tb.Helper()
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("run nginx: %w", err)
	}
	defer log.Close()
	directives := "daemon off;"
	if os.Geteuid() == 0 {
		// Workers would be somebody who cannot enter the directories of tests.
		directives += " user root;"
	}
	// Not the test's context, which ends before the cleanups that look at the log.
	arguments := []string{"-e", "stderr", "-c", config, "-g", directives}
	s.process = exec.CommandContext(context.WithoutCancel(tb.Context()), Program(tb), arguments...) //nolint:gosec // see Program
	s.process.Stdout, s.process.Stderr = log, log
	s.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.process.Start(); err != nil {
		return fmt.Errorf("run nginx: %w", err)
	}
	tb.Cleanup(s.kill)
	if err := s.await(tb); err != nil {
		return fmt.Errorf("run nginx: %w: %s", err, s.Log(tb))
	}
	return nil
}

func (s *Server) await(tb testing.TB) error {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), startTimeout)
	defer cancel()
	for {
		if ended(s.process.Process.Pid) {
			return errors.New("it has ended")
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.StatusURL+"/healthz", nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultTransport.RoundTrip(req)
		if err == nil {
			_, _ = io.Copy(io.Discard, res.Body)
			res.Body.Close()
			// Without it the answer is that of another nginx, which was faster to take the port.
			if _, err := os.Stat(s.pid); err == nil {
				return nil
			}
		}
		if ctx.Err() != nil {
			return err
		}
		runtime.Gosched()
	}
}

// ended reports whether a child has ended and waits for its parent to ask.
func ended(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || bytes.Contains(stat, []byte(") Z "))
}

// kill ends nginx with its workers, which are of its process group.
func (s *Server) kill() {
	_ = syscall.Kill(-s.process.Process.Pid, syscall.SIGKILL)
	_ = s.process.Wait()
}

// emptyDir returns a directory without the name of the test, which may have characters that no setting takes.
func emptyDir(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "proxy-") //nolint:usetesting // for the sake of its name
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// freePorts returns two ports that were free a moment ago.
func freePorts(tb testing.TB) (first, second string) {
	tb.Helper()
	var ports []string
	for range 2 {
		l, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", ":0")
		if err != nil {
			tb.Fatal(err)
		}
		defer l.Close()
		_, port, _ := net.SplitHostPort(l.Addr().String())
		ports = append(ports, port)
	}
	return ports[0], ports[1]
}
