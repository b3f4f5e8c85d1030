//go:build unix

package pgserver

import (
	"context"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"syscall"
)

const logFile = "postgres.log"

// parameters are the server's settings; those of the configuration win.
func (s *Server) parameters(c Config) []string {
	settings := map[string]string{
		"unix_socket_directories": s.run.path,
		"unix_socket_permissions": "0700",
		"listen_addresses":        "",
		"port":                    strconv.Itoa(s.port),
		"timezone":                "UTC",
		"log_min_messages":        "warning",
	}
	if s.listen == Loopback {
		settings["listen_addresses"] = "127.0.0.1"
	}
	if c.Durability == Volatile {
		for _, name := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
			settings[name] = "off"
		}
	}
	maps.Copy(settings, c.Settings)
	var args []string
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", name+"="+settings[name])
	}
	return args
}

// spawn starts the server from a thread that lives as long as it does: the
// kernel signals a child when the thread that made it ends, and Go ends a thread
// with the goroutine that locked it.
func (s *Server) spawn(cl cluster, args []string) error {
	log, err := os.Create(filepath.Join(s.run.path, logFile))
	if err != nil {
		return err
	}
	s.cmd = cl.command(context.Background(), "postgres", append([]string{"-D", cl.data()}, args...)...)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		pidFile := filepath.Join(s.run.path, pidName)
		err := s.cmd.Start()
		log.Close()
		if err == nil {
			err = os.WriteFile(pidFile, []byte(strconv.Itoa(s.PID())), 0o600)
		}
		started <- err
		if s.cmd.Process == nil {
			return
		}
		_ = s.cmd.Wait() // How the server ended is in its log.
		// The process id may be someone else's from now on.
		_ = os.Remove(pidFile)
		close(s.exited)
	}()
	return <-started
}

// command prepares one of PostgreSQL's programs to run as the server's user, in
// a clean environment: PG* variables of a developer must not reach it. It has a
// process group of its own, so that Ctrl-C in a terminal reaches only the owner,
// which stops the server when it has finished its work.
func (cl cluster) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(cl.bin.dir, program), args...)
	cmd.Dir = cl.home
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: cl.who.credential()}
	endWithParent(cmd.SysProcAttr)
	return cmd
}

// freePort asks the kernel for a port that nobody uses now.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
