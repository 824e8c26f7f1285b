package remuxer_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	transcoder "github.com/ManuGH/xg2g-transcoder/go"
	"github.com/ManuGH/xg2g-transcoder/go/internal/contract"
	"github.com/ManuGH/xg2g-transcoder/go/internal/guesttest"
	"github.com/ManuGH/xg2g-transcoder/go/remuxer"
)

// watch counts sessions.
type watch struct{ opened, closed atomic.Int64 }

func (w *watch) SessionOpened(uint64)   { w.opened.Add(1) }
func (w *watch) SessionClosed(uint64)   { w.closed.Add(1) }
func (w *watch) Called(transcoder.Call) {}

// use makes remuxers run on a guest for the length of a test.
func use(t *testing.T, guest *guesttest.Guest) *watch {
	t.Helper()
	w := &watch{}
	plugin, err := transcoder.Load(t.Context(), guest.Component(), transcoder.Config{NoCache: true, Observer: w})
	if err != nil {
		t.Fatal(err)
	}
	remuxer.Use(plugin)
	t.Cleanup(func() { remuxer.Use(nil) })
	return w
}

func open(t *testing.T) *remuxer.RustAudioRemuxer {
	t.Helper()
	r, err := remuxer.NewRustAudioRemuxer(48000, 2, 192000)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func TestLife(t *testing.T) {
	w := use(t, guesttest.Echo())
	r := open(t)
	if sampleRate, channels, bitrate := r.Config(); sampleRate != 48000 || channels != 2 || bitrate != 192000 {
		t.Errorf("made with %d, %d, %d", sampleRate, channels, bitrate)
	}
	if out, err := r.Process([]byte("no sound")); err != nil || string(out) != "no sound" {
		t.Errorf("%q, %v", out, err)
	}
	if _, err := r.Process(nil); err == nil || err.Error() != "input is empty" {
		t.Errorf("of nothing: %v", err)
	}
	for range 3 {
		if err := r.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	}
	for _, input := range [][]byte{nil, []byte("x")} {
		if _, err := r.Process(input); err == nil || err.Error() != "remuxer is closed" {
			t.Errorf("after Close: %v", err)
		}
	}
	if w.closed.Load() != 1 {
		t.Errorf("closed %d times", w.closed.Load())
	}
	if got := remuxer.Version(); got != "0.0.0" {
		t.Errorf("version %q", got)
	}
}

func TestArguments(t *testing.T) {
	use(t, guesttest.Echo())
	for _, c := range []struct {
		sampleRate, channels, bitrate int
		ok                            bool
	}{
		{48000, 2, 192000, true},
		{44100, 1, 96000, true},
		{48000, 6, 384000, true},
		{0, 2, 192000, false},
		{-48000, 2, 192000, false},
		{48001, 2, 192000, false},
		{48000, 0, 192000, false},
		{48000, 9, 192000, false},
		{48000, 2, 0, false},
		{48000, 2, -1, false},
		{48000, 2, 1 << 40, false},
	} {
		r, err := remuxer.NewRustAudioRemuxer(c.sampleRate, c.channels, c.bitrate)
		if (err == nil) != c.ok || err != nil && !errors.Is(err, transcoder.ErrInvalidOption) {
			t.Errorf("%+v: %v", c, err)
		}
		if err == nil {
			_ = r.Close()
		}
	}
}

func TestFailureIsNotClosing(t *testing.T) {
	use(t, guesttest.Echo().With(contract.Process, guesttest.Unreachable))
	r := open(t)
	if _, err := r.Process([]byte("x")); !errors.Is(err, transcoder.ErrTrap) {
		t.Errorf("got %v", err)
	}
	if _, err := r.Process([]byte("x")); !errors.Is(err, transcoder.ErrClosed) || errors.Is(err, remuxer.ErrClosed) {
		t.Errorf("after a trap: %v", err)
	}
}

func TestConcurrentUse(t *testing.T) {
	use(t, guesttest.Echo())
	r := open(t)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				if out, err := r.Process([]byte("hello")); err != nil && !errors.Is(err, remuxer.ErrClosed) || err == nil && string(out) != "hello" {
					t.Errorf("%q, %v", out, err)
				}
			}
		})
	}
	group.Go(func() { time.Sleep(time.Millisecond); _ = r.Close() })
	group.Wait()
}

func TestForgottenIsClosed(t *testing.T) {
	w := use(t, guesttest.Echo())
	for range 20 {
		if _, err := remuxer.NewRustAudioRemuxer(48000, 2, 192000); err != nil {
			t.Fatal(err)
		}
	}
	for deadline := time.Now().Add(10 * time.Second); w.closed.Load() < w.opened.Load(); runtime.GC() {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d are closed", w.closed.Load(), w.opened.Load())
		}
		time.Sleep(time.Millisecond)
	}
}

// TestWithThePlugin runs the plugin itself, as the server did: it looks for it where the environment says.
func TestWithThePlugin(t *testing.T) {
	if os.Getenv("XG2G_PLUGIN") == "" {
		path := filepath.Join("..", "..", "dist", "transcoder.wasm")
		if _, err := os.Stat(path); err != nil {
			t.Skipf("SKIPPED: no plugin at %s; make it with `make build`, or name it by XG2G_PLUGIN", path)
		}
		t.Setenv("XG2G_PLUGIN", path)
	}
	stream, err := os.ReadFile(filepath.Join("..", "..", "tests", "demo", "demo.ts"))
	if err != nil {
		t.Skipf("SKIPPED: no demo stream: %v", err)
	}
	remuxer.Use(nil)
	defer remuxer.Use(nil)
	r := open(t)
	var out []byte
	for rest := stream; len(rest) > 0; {
		n := min(192<<10, len(rest))
		packets, err := r.Process(rest[:n])
		if err != nil {
			t.Fatal(err)
		}
		if len(packets) > 4*n+1<<20 {
			t.Errorf("%d bytes became %d", n, len(packets))
		}
		out, rest = append(out, packets...), rest[n:]
	}
	if len(out) < len(stream)/2 || out[0] != 0x47 || bytes.Equal(out, stream) {
		t.Errorf("%d bytes became %d", len(stream), len(out))
	}
}
