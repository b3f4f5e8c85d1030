package fault_test

import (
	"sync/atomic"

	"github.com/Shopify/toxiproxy/v2/toxics"
)

// A meter lets everything pass and counts it. It stands before what hurts, and so sees what that gets to see.
type meter struct{ bytes, connections atomic.Int64 }

// Pipe implements toxics.Toxic.
func (m *meter) Pipe(stub *toxics.ToxicStub) {
	for {
		select {
		case <-stub.Interrupt:
			return
		case c := <-stub.Input:
			if c == nil {
				stub.Close()
				return
			}
			m.bytes.Add(int64(len(c.Data)))
			stub.Output <- c
		}
	}
}

// NewState implements toxics.StatefulToxic. It is called once for each connection.
func (m *meter) NewState() any {
	m.connections.Add(1)
	return nil
}

// An amnesia swallows everything of the connections that are open when it begins, as a firewall does that has forgotten
// them. New ones are whole.
type amnesia struct{ over atomic.Bool }

// NewState implements toxics.StatefulToxic: whether a connection is forgotten.
func (a *amnesia) NewState() any { return !a.over.Load() }

// Pipe implements toxics.Toxic.
func (a *amnesia) Pipe(stub *toxics.ToxicStub) {
	for {
		select {
		case <-stub.Interrupt:
			return
		case c := <-stub.Input:
			if c == nil {
				stub.Close()
				return
			}
			if forgotten, _ := stub.State.(bool); !forgotten {
				stub.Output <- c
			}
		}
	}
}

// Cleanup implements toxics.CleanupToxic: nothing of a forgotten connection may arrive later.
func (a *amnesia) Cleanup(stub *toxics.ToxicStub) {
	if forgotten, _ := stub.State.(bool); forgotten {
		stub.Close()
	}
}

// registerToxics makes toxics known to toxiproxy that it does not come with.
func registerToxics() {
	toxics.Register("meter", new(meter))
	toxics.Register("amnesia", new(amnesia))
}
