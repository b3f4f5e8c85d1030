//go:build unix

package pgserver

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// reaperScript is what a shell does that outlives this process: when its input
// ends, by kill -9 of the process too, it ends the server if that still runs and
// removes the run directory. After a proper Stop there is nothing left to do.
// Linux ends the server by itself (see endWithParent) and faster. A dead process
// may keep its id for a while, so the socket's lock file counts as well.
const reaperScript = `
cat >/dev/null
pid=$(cat "$1/` + pidName + `" 2>/dev/null) && kill -QUIT "$pid" 2>/dev/null
tries=0
while [ -e "$1"/.s.PGSQL.*.lock ] && kill -0 "${pid:-none}" 2>/dev/null && [ $tries -lt 100 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
rm -rf "$1" "$1` + lockSuffix + `"
`

// startReaper runs the script over a run directory. Closing what it returns, as
// the end of this process does, sets the reaper to work. The next start sweeps
// what a killed reaper left.
func startReaper(run *runDir) (io.Closer, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer read.Close()
	cmd := exec.Command("/bin/sh", "-c", reaperScript, "reaper", run.path)
	cmd.Dir = "/"
	cmd.Stdin = read
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, write.Close())
	}
	go func() { _ = cmd.Wait() }() // It has no result; this only collects it.
	return write, nil
}
