package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/ManuGH/xg2g-transcoder/go/internal/receiver"
)

// ended counts the streams that ended for a reason.
func (r *rig) ended(reason string) int {
	return int(testutil.ToFloat64(r.metrics.ended.WithLabelValues(reason)))
}

func TestThousandClientsAtACapOfFifty(t *testing.T) {
	rx := receiver.New(demoLoop(t), nil)
	r := newRig(t, rx, func(c *Config) { c.FirstByte = time.Minute })
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	ctx, leave := context.WithCancel(context.Background())
	defer leave()
	var served, refused, other atomic.Int64
	var answered, gone sync.WaitGroup
	for range 1000 {
		answered.Add(1)
		gone.Go(func() {
			request, _ := http.NewRequestWithContext(ctx, http.MethodGet, r.url+reference, nil)
			response, err := client.Do(request)
			if err != nil {
				other.Add(1)
				answered.Done()
				return
			}
			defer response.Body.Close()
			switch {
			case response.StatusCode == 200:
				served.Add(1)
			case response.StatusCode == 503 && response.Header.Get("Retry-After") != "":
				refused.Add(1)
			default:
				other.Add(1)
			}
			answered.Done()
			_, _ = io.Copy(io.Discard, response.Body)
		})
	}
	answered.Wait()
	if served.Load() != 50 || refused.Load() != 950 || other.Load() != 0 {
		t.Errorf("%d served, %d refused, %d something else", served.Load(), refused.Load(), other.Load())
	}
	if n := rx.Active(); n > 50 {
		t.Errorf("the receiver sends %d streams", n)
	}
	leave()
	gone.Wait()
	r.idle(t)
	eventually(t, "receiver idle", func() bool { return rx.Active() == 0 })
	if response := get(t, r.url+reference); response.StatusCode != 200 {
		t.Errorf("afterwards: %s", response.Status)
	}
}

func TestClientGoneFreesTheSession(t *testing.T) {
	for _, query := range []string{"", "?fault=stall&after=50000"} {
		rx := receiver.New(demoLoop(t), nil)
		r := newRig(t, rx, func(c *Config) { c.Stall = time.Minute })
		response := get(t, r.url+reference+query)
		if _, err := io.ReadFull(response.Body, make([]byte, 50_000)); err != nil {
			t.Fatal(err)
		}
		started := time.Now()
		response.Body.Close()
		r.idle(t)
		eventually(t, "receiver idle", func() bool { return rx.Active() == 0 })
		if took := time.Since(started); took > time.Second {
			t.Errorf("%q: freed after %v", query, took)
		}
		if r.ended(endClientGone) != 1 {
			t.Errorf("%q: not counted", query)
		}
	}
}

// A client that goes while the receiver still tunes must not hold the tuner.
func TestClientGoneBeforeTheFirstByte(t *testing.T) {
	r := newRig(t, receiver.New(demoLoop(t), nil), func(c *Config) { c.FirstByte = time.Minute })
	ctx, leave := context.WithCancel(context.Background())
	request, _ := http.NewRequestWithContext(ctx, http.MethodGet, r.url+reference+"?fault=silent", nil)
	go func() {
		eventually(t, "opening", func() bool { return r.sessions.count() == 1 })
		leave()
	}()
	if _, err := http.DefaultClient.Do(request); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	r.idle(t)
}

func TestSlowClientIsDropped(t *testing.T) {
	// An upstream without pace fills every buffer on the way to a client that does not read.
	r := newRig(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for block := bytes.Repeat([]byte{0x47}, 64<<10); r.Context().Err() == nil; {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}), func(c *Config) { c.Write = 300 * time.Millisecond })
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", reference)
	eventually(t, "dropped", func() bool { return r.ended(endSlow) == 1 })
	r.idle(t)
}

func TestLostUpstreamIsOpenedAgain(t *testing.T) {
	for _, fault := range []string{"stall", "cut"} {
		rx := receiver.New(demoLoop(t), nil)
		r := newRig(t, rx, func(c *Config) { c.Stall = 300 * time.Millisecond })
		response := get(t, r.url+reference+"?after=100001&times=1&fault="+fault)
		got := make([]byte, 250_000)
		if _, err := io.ReadFull(response.Body, got); err != nil {
			t.Fatalf("%s: %v", fault, err)
		}
		if got[100_001] != 0x47 || got[100_001+188] != 0x47 {
			t.Errorf("%s: no packets from the second connection after the first's last byte", fault)
		}
		l := r.sessions.list()[0]
		if n := l.reconnects.Load(); n != 1 || r.fake.opened.Load() != 1 || *l.state.Load() != stateStreaming || l.fault.Load() == nil {
			t.Errorf("%s: %d reconnects, %d sessions, %s", fault, n, r.fake.opened.Load(), *l.state.Load())
		}
	}
}

// A client's connection that only ended would look like the end of the programme: it is broken instead.
func TestLostUpstreamIsGivenUp(t *testing.T) {
	r := newRig(t, receiver.New(demoLoop(t), nil), nil)
	response := get(t, r.url+reference+"?after=50000&fault=cut")
	got, err := io.ReadAll(response.Body)
	if !errors.Is(err, io.ErrUnexpectedEOF) || !bytes.HasSuffix(got, []byte(tail)) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if r.ended(endLost) != 1 || testutil.ToFloat64(r.metrics.reconnects) != 2 {
		t.Errorf("%d lost, %v reconnects", r.ended(endLost), testutil.ToFloat64(r.metrics.reconnects))
	}
	r.idle(t)
}

func TestCompleteStreamEndsProperly(t *testing.T) {
	r := newRig(t, receiver.New(demoLoop(t), nil), nil)
	got := text(t, get(t, r.url+reference+"?after=50000&fault=end"))
	if len(got) != 50_000+len(tail) || !strings.HasSuffix(got, tail) || r.ended(endComplete) != 1 {
		t.Errorf("%d bytes, %d complete", len(got), r.ended(endComplete))
	}
}

func TestStreamWithoutPSIPasses(t *testing.T) {
	r := newRig(t, receiver.New(demoLoop(t), nil), nil)
	response := get(t, r.url+reference+"?fault=nopsi")
	if _, err := io.ReadFull(response.Body, make([]byte, 50_000)); err != nil || response.StatusCode != 200 {
		t.Errorf("%s, %v", response.Status, err)
	}
}

func TestDeadSandboxIsReplaced(t *testing.T) {
	r := newRig(t, receiver.New(demoLoop(t), nil), nil)
	r.fake.failAfter, r.fake.survivors = 3, 2
	response := get(t, r.url+reference)
	if _, err := io.ReadFull(response.Body, make([]byte, 200_000)); err != nil {
		t.Fatal(err)
	}
	if l := r.sessions.list()[0]; l.restarts.Load() != 2 || r.fake.opened.Load() != 3 || r.fake.open.Load() != 1 {
		t.Errorf("%d restarts, %d opened, %d open", l.restarts.Load(), r.fake.opened.Load(), r.fake.open.Load())
	}
}

func TestSandboxesThatKeepDyingEndTheStream(t *testing.T) {
	r := newRig(t, receiver.New(demoLoop(t), nil), nil)
	r.fake.failAfter = 2
	if _, err := io.ReadAll(get(t, r.url+reference).Body); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v", err)
	}
	if r.ended(endFailed) != 1 || r.fake.opened.Load() != maxRestarts+1 {
		t.Errorf("%d failed, %d opened", r.ended(endFailed), r.fake.opened.Load())
	}
	r.idle(t)
}

func TestNoSandboxAtAll(t *testing.T) {
	r := newRig(t, receiver.New(demoLoop(t), nil), nil)
	r.fake.refuse = true
	if response := get(t, r.url+reference); response.StatusCode != 500 || strings.Contains(text(t, response), errDied.Error()) {
		t.Errorf("%s", response.Status)
	}
}

// Ten thousand sessions leave no goroutine and no file open.
func TestNothingLeaks(t *testing.T) {
	count := 10_000
	if testing.Short() {
		count = 1000
	}
	block := bytes.Repeat([]byte{0x47}, 1880)
	r := newRig(t, holding(block), nil)
	leaves(t, r, len(block), 200, count)
	if n := r.fake.opened.Load(); n < int64(count) {
		t.Errorf("only %d sessions", n)
	}
}

// holding is an upstream that sends a block at once and then nothing.
func holding(block []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(block)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
}

// leaves opens and closes count sessions, reading some bytes of each, and compares what is left with what was there after the
// first few.
func leaves(t *testing.T, r *rig, read, first, count int) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	open := func(n int) {
		var all sync.WaitGroup
		var failed atomic.Int64
		for range 20 {
			all.Go(func() {
				for range n / 20 {
					response, err := client.Get(r.url + reference)
					if err != nil {
						failed.Add(1)
						continue
					}
					if _, err := io.ReadFull(response.Body, make([]byte, read)); err != nil {
						failed.Add(1)
					}
					response.Body.Close()
				}
			})
		}
		all.Wait()
		r.idle(t)
		if failed.Load() > 0 {
			t.Fatalf("%d of %d failed", failed.Load(), n)
		}
	}
	open(first)
	before := quiet(t)
	open(count)
	eventually(t, "goroutines and files back where they were", func() bool {
		now := measure(t)
		return now.goroutines <= before.goroutines+3 && now.files <= before.files+3
	})
	after := quiet(t)
	t.Logf("%d sessions: %v → %v", count, before, after)
	if grown := after.rss - before.rss; grown > 32<<20 {
		t.Errorf("resident memory grew by %d MiB", grown>>20)
	}
}

// footprint is what the process holds.
type footprint struct {
	goroutines, files int
	rss               int64
}

func (f footprint) String() string {
	return fmt.Sprintf("%d goroutines, %d files, RSS %d MiB", f.goroutines, f.files, f.rss>>20)
}

func measure(t testing.TB) footprint {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skipf("SKIPPED: files cannot be counted: %v", err)
	}
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skipf("SKIPPED: memory cannot be measured: %v", err)
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(statm), &size, &resident); err != nil {
		t.Fatal(err)
	}
	return footprint{runtime.NumGoroutine(), len(entries), resident * int64(os.Getpagesize())}
}

// quiet measures once goroutines and files stand still.
func quiet(t testing.TB) footprint {
	t.Helper()
	var last footprint
	eventually(t, "quiet", func() bool {
		runtime.GC()
		debug.FreeOSMemory()
		now := measure(t)
		still := now.goroutines == last.goroutines && now.files == last.files
		last = now
		time.Sleep(50 * time.Millisecond)
		return still
	})
	return last
}
