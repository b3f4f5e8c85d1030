package rollout_test

import (
	"context"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/platform/proctest"
)

const (
	// readinessPeriod is how often readiness is looked at, as manifests tell the kubelet to.
	readinessPeriod = time.Second
	// closingDelay is how much later than an API a proxy learns that a connection was closed. Networks have such
	// delays, though shorter ones. It turns a race, between closing and the next request, into a loss.
	closingDelay = time.Second
)

// A service is one address for all APIs, as a Service of Kubernetes is: each connection goes to one of those that were
// ready when they were last looked at.
type service struct {
	t        *testing.T
	addr     string
	members  []string
	ready    atomic.Pointer[[]string]
	listener net.Listener
	// edit changes what proxies read.
	edit    func([]byte) []byte
	running sync.WaitGroup
}

// newService runs a service until the test ends. It returns when all members are ready.
func newService(t *testing.T, s *site, edit func([]byte) []byte) *service {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	v := &service{t: t, addr: listener.Addr().String(), listener: listener, edit: edit}
	for _, a := range s.apis {
		v.members = append(v.members, a.addr)
	}
	ctx, stop := context.WithCancel(t.Context())
	v.look(ctx)
	v.running.Go(func() { v.watch(ctx) })
	v.running.Go(func() { v.accept(ctx) })
	t.Cleanup(func() {
		stop()
		listener.Close()
		v.running.Wait()
	})
	return v
}

func (v *service) watch(ctx context.Context) {
	tick := time.NewTicker(readinessPeriod)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			v.look(ctx)
		}
	}
}

// look asks all members whether they are ready.
func (v *service) look(ctx context.Context) {
	var ready []string
	for _, member := range v.members {
		if status, _ := proctest.Get(ctx, "http://"+member+"/ready"); status == http.StatusOK {
			ready = append(ready, member)
		}
	}
	v.ready.Store(&ready)
}

func (v *service) accept(ctx context.Context) {
	for {
		proxy, err := v.listener.Accept()
		if err != nil {
			return
		}
		v.running.Go(func() { v.forward(ctx, proxy.(*net.TCPConn)) })
	}
}

// forward hands a connection on until either side ends it. What is sent to an API that has closed is answered by a
// reset, as by its kernel.
func (v *service) forward(ctx context.Context, proxy *net.TCPConn) {
	defer hangUp(proxy)
	defer context.AfterFunc(ctx, func() { hangUp(proxy) })()
	ready := *v.ready.Load()
	if len(ready) == 0 {
		reset(proxy)
		return
	}
	member, err := new(net.Dialer).DialContext(ctx, "tcp", ready[rand.IntN(len(ready))])
	if err != nil {
		reset(proxy)
		return
	}
	defer hangUp(member)
	var closed atomic.Bool
	var answering sync.WaitGroup
	defer answering.Wait()
	answering.Go(func() {
		v.answer(proxy, member)
		closed.Store(true)
		// Read deadlines end the loop below, unless the proxy ends it before.
		_ = proxy.SetReadDeadline(time.Now().Add(closingDelay))
	})
	buffer := make([]byte, 32<<10)
	for {
		n, err := proxy.Read(buffer)
		if n > 0 && closed.Load() {
			reset(proxy)
			return
		}
		if _, wrong := member.Write(buffer[:n]); err != nil || wrong != nil {
			hangUp(member)
			return
		}
	}
}

// answer copies what the member sends.
func (v *service) answer(proxy io.Writer, member io.Reader) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := member.Read(buffer)
		if _, wrong := proxy.Write(v.edit(buffer[:n])); err != nil || wrong != nil {
			return
		}
	}
}

func reset(conn *net.TCPConn) {
	_ = conn.SetLinger(0)
	hangUp(conn)
}

func hangUp(conn net.Conn) { _ = conn.Close() }

// unchanged is the edit of a service that is as it should be.
func unchanged(b []byte) []byte { return b }
