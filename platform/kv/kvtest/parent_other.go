//go:build !linux

package kvtest

import "syscall"

func dieWithParent() *syscall.SysProcAttr { return nil }

func (s *server) begin() error {
	if err := s.cmd.Start(); err != nil {
		return err
	}
	go func() {
		_ = s.cmd.Wait() // that it was killed is no news
		close(s.exited)
	}()
	return nil
}
