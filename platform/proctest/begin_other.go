//go:build !linux

package proctest

func (p *Process) begin() error {
	if err := p.cmd.Start(); err != nil {
		return err
	}
	go p.wait()
	return nil
}
