package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ManuGH/xg2g-transcoder/go/internal/receiver"
)

const reference = "/1:0:19:283D:3FB:1:C00000:0:0:0:"

// tail is what a fake session still holds at the end.
const tail = "<the end>"

var errDied = errors.New("sandbox died")

// fake passes bytes through, and can be told to fail.
type fake struct {
	open      atomic.Int64 // sessions open now
	opened    atomic.Int64
	refuse    bool
	failAfter int // calls until a session dies; 0 for never
	survivors int // how many sessions die; the next ones live
}

func (f *fake) Version() string { return "0.0.0-fake" }

func (f *fake) Open(context.Context) (Session, error) {
	if f.refuse {
		return nil, errDied
	}
	f.open.Add(1)
	s := &fakeSession{fake: f}
	if n := f.opened.Add(1); f.failAfter > 0 && (f.survivors == 0 || int(n) <= f.survivors) {
		s.dieAt = f.failAfter
	}
	return s, nil
}

type fakeSession struct {
	fake         *fake
	calls, dieAt int
	closed       bool
}

func (s *fakeSession) AppendProcess(_ context.Context, dst, in []byte) ([]byte, error) {
	if s.calls++; s.calls == s.dieAt {
		return dst, errDied
	}
	return append(dst, in...), nil
}

func (s *fakeSession) AppendFinish(_ context.Context, dst []byte) ([]byte, error) {
	return append(dst, tail...), nil
}

func (s *fakeSession) Report(context.Context) (Report, error) {
	return Report{Memory: 2 << 20, Tracks: []Track{{PID: 0x102, Codec: "AC-3", Language: "eng", SampleRate: 48000, Channels: "5.1"}}}, nil
}

func (s *fakeSession) Close() error {
	if !s.closed {
		s.closed = true
		s.fake.open.Add(-1)
	}
	return nil
}

// rig is a server between an upstream and a test.
type rig struct {
	*Server
	fake *fake
	url  string
}

// newRig serves upstream's streams through a fake transcoder; change may alter the configuration.
func newRig(t testing.TB, upstream http.Handler, change func(*Config)) *rig {
	t.Helper()
	f := &fake{}
	return newRigWith(t, upstream, change, f, f)
}

// newRigWith does so through any transcoder.
func newRigWith(t testing.TB, upstream http.Handler, change func(*Config), f *fake, transcoder Transcoder) *rig {
	t.Helper()
	up := httptest.NewServer(upstream)
	t.Cleanup(up.Close)
	address, err := url.Parse(up.URL)
	if err != nil {
		t.Fatal(err)
	}
	config := &Config{
		Upstream: address, MaxSessions: 50, FirstByte: 2 * time.Second, Stall: 2 * time.Second, Reconnects: 2,
		Write: 5 * time.Second, Drain: time.Second, Log: slog.New(slog.DiscardHandler),
	}
	if testing.Verbose() {
		config.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	if change != nil {
		change(config)
	}
	r := &rig{fake: f}
	if r.Server, err = New(config, transcoder); err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(r.Handler())
	t.Cleanup(front.Close)
	t.Cleanup(func() { r.stopNow(); r.idle(t) })
	r.url = front.URL
	return r
}

// idle waits until no session is left: neither of the server nor of the sandbox.
func (r *rig) idle(t testing.TB) {
	t.Helper()
	eventually(t, "all sessions freed", func() bool { return r.sessions.count() == 0 && r.fake.open.Load() == 0 })
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 5 s: %s", what)
		}
	}
}

func demoLoop(t testing.TB) *receiver.Loop {
	t.Helper()
	data, err := os.ReadFile("../../../tests/demo/demo.ts")
	if err != nil {
		t.Fatal(err)
	}
	loop, err := receiver.NewLoop(data)
	if err != nil {
		t.Fatal(err)
	}
	return loop
}
