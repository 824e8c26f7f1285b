package transcoder_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	transcoder "github.com/ManuGH/xg2g-transcoder/go"
	"github.com/ManuGH/xg2g-transcoder/go/internal/contract"
	"github.com/ManuGH/xg2g-transcoder/go/internal/guesttest"
)

// grow makes a guest's memory grow by pages in each call, and give up when it cannot.
func grow(pages uint32) guesttest.Code {
	return guesttest.Op(
		guesttest.If(guesttest.Op(guesttest.Const(pages), guesttest.MemoryGrow, guesttest.Const(0xffffffff), guesttest.Eq), guesttest.Unreachable),
		guesttest.Answer(0, guesttest.Const(0), guesttest.Const(0)))
}

func TestMemoryLimitObeyed(t *testing.T) {
	forEngines(t, func(t *testing.T, engine transcoder.Engine) {
		guest := guesttest.Echo().With(contract.Process, grow(15))
		session := open(t, loadGuest(t, guest, transcoder.Config{Engine: engine, MemoryBytes: 1 << 20}))
		if _, err := session.Process(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if got := session.Memory(); got != 1<<20 {
			t.Errorf("the session has %d bytes", got)
		}
	})
}

func TestMemoryLimitViolated(t *testing.T) {
	for name, guest := range map[string]*guesttest.Guest{
		"page by page": guesttest.Echo().With(contract.Process, guesttest.Loop(guesttest.Op(grow(1), guesttest.Drop))),
		"all at once":  guesttest.Echo().With(contract.Process, grow(1000)),
	} {
		t.Run(name, func(t *testing.T) {
			forEngines(t, func(t *testing.T, engine transcoder.Engine) {
				plugin := loadGuest(t, guest, transcoder.Config{Engine: engine, MemoryBytes: 1 << 20})
				session := open(t, plugin)
				_, err := session.Process(t.Context(), []byte("abc"))
				var limit *transcoder.LimitError
				if !errors.As(err, &limit) || limit.Limit != transcoder.LimitMemory || limit.Bytes != 1<<20 || limit.Function != "process" {
					t.Fatalf("got %#v", err)
				}
				if !errors.Is(err, transcoder.ErrLimit) || errors.Is(err, transcoder.ErrTrap) || errors.Is(err, transcoder.ErrClosed) {
					t.Errorf("%v is of the wrong kind", err)
				}
				if session.Memory() > 1<<20 {
					t.Errorf("the session has %d bytes", session.Memory())
				}
				open(t, plugin) // the next session is not harmed
			})
		})
	}
}

func TestMemoryLimitBelowWhatThePluginBeginsWith(t *testing.T) {
	forEngines(t, func(t *testing.T, engine transcoder.Engine) {
		guest := guesttest.Echo()
		guest.Pages = 3
		_, err := transcoder.Load(t.Context(), guest.Component(), transcoder.Config{Engine: engine, NoCache: true, MemoryBytes: 2 << 16})
		if !errors.Is(err, transcoder.ErrLimit) {
			t.Fatalf("got %v", err)
		}
	})
}

var forEver = guesttest.Loop(nil)

func TestCallTimeoutViolated(t *testing.T) {
	starting := guesttest.Echo()
	starting.Start(starting.Func("start", 0, 0, forEver))
	// No loop, but 2^60 calls.
	calling := guesttest.Echo()
	itself := guesttest.Op(guesttest.Get(0), guesttest.Const(1), guesttest.Sub, guesttest.Call(calling.Next()))
	calling.With(contract.Process, guesttest.Op(guesttest.Const(60), guesttest.Call(calling.Next()), guesttest.Const(0)))
	calling.Func("calls", 1, 0, guesttest.If(guesttest.Get(0), guesttest.Op(itself, itself)))
	for name, guest := range map[string]*guesttest.Guest{
		"calls":   calling,
		"open":    guesttest.Echo().With(contract.Open, forEver),
		"start":   starting,
		"process": guesttest.Echo().With(contract.Process, forEver),
		"realloc": guesttest.Echo().With(contract.Realloc, forEver),
		"post":    guesttest.Echo().With(contract.ProcessPost, forEver),
	} {
		t.Run(name, func(t *testing.T) {
			forEngines(t, func(t *testing.T, engine transcoder.Engine) {
				plugin := loadGuest(t, guest, transcoder.Config{Engine: engine, CallTimeout: 50 * time.Millisecond})
				go runtime.GC() // which must not wait for the plugin
				start := time.Now()
				session, err := plugin.Open(t.Context(), transcoder.Options{})
				if err == nil {
					_, err = session.Process(t.Context(), []byte("abc"))
				}
				var limit *transcoder.LimitError
				if !errors.As(err, &limit) || limit.Limit != transcoder.LimitCallTimeout || limit.Duration != 50*time.Millisecond {
					t.Fatalf("got %v", err)
				}
				if took := time.Since(start); took < 40*time.Millisecond || took > 2*time.Second {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

// TestCallTimeoutObeyed makes many calls that together take longer than one may.
func TestCallTimeoutObeyed(t *testing.T) {
	forEngines(t, func(t *testing.T, engine transcoder.Engine) {
		session := open(t, loadGuest(t, guesttest.Echo(), transcoder.Config{Engine: engine, CallTimeout: 100 * time.Millisecond}))
		for start := time.Now(); time.Since(start) < 250*time.Millisecond; time.Sleep(5 * time.Millisecond) {
			if _, err := session.Process(t.Context(), []byte("abc")); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestContextEndsACall(t *testing.T) {
	forEngines(t, func(t *testing.T, engine transcoder.Engine) {
		plugin := loadGuest(t, guesttest.Echo().With(contract.Process, forEver), transcoder.Config{Engine: engine})
		session := open(t, plugin)
		over, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := session.Process(over, []byte("abc")); !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
		if _, err := session.Report(t.Context()); err != nil {
			t.Fatalf("a context that was over before the call ended the session: %v", err)
		}
		short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := session.Process(short, []byte("abc")); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, transcoder.ErrLimit) {
			t.Fatalf("got %v", err)
		}
		if _, err := session.Process(t.Context(), nil); !errors.Is(err, transcoder.ErrClosed) {
			t.Fatalf("got %v", err)
		}
	})
}

func TestStackLimitViolated(t *testing.T) {
	forEngines(t, func(t *testing.T, engine transcoder.Engine) {
		itself := guesttest.Op(guesttest.Get(0), guesttest.Get(1), guesttest.Get(2), guesttest.Call(guesttest.Index(contract.Process)))
		guest := guesttest.Echo().With(contract.Process, itself)
		session := open(t, loadGuest(t, guest, transcoder.Config{Engine: engine, CallTimeout: time.Minute}))
		_, err := session.Process(t.Context(), nil)
		var limit *transcoder.LimitError
		if !errors.As(err, &limit) || limit.Limit != transcoder.LimitStack {
			t.Fatalf("got %v", err)
		}
		if engine == transcoder.EngineWasmtime && limit.Function != "process" { // wazero does not tell
			t.Errorf("it names %q", limit.Function)
		}
	})
}

func TestTrapTellsFunctionAndPosition(t *testing.T) {
	guest := guesttest.Echo()
	panicking := guest.Func("_ZN4core9panicking9panic_fmt17h0123456789abcdefE", 0, 0, guesttest.Unreachable)
	parse := guest.Func("_ZN9xg2g_core2ts6packet5parse17h0123456789abcdefE", 0, 0, guesttest.Call(panicking))
	guest.With(contract.Process, guesttest.Op(
		guesttest.If(guesttest.Op(guesttest.Get(2), guesttest.Const(5), guesttest.Eq), guesttest.Call(parse)),
		guesttest.Answer(0, guesttest.Get(1), guesttest.Get(2))))
	forEngines(t, func(t *testing.T, engine transcoder.Engine) {
		plugin := loadGuest(t, guest, transcoder.Config{Engine: engine})
		session, other := open(t, plugin), open(t, plugin)
		// Two whole pieces of 64 KiB and one of 5 bytes, at which it traps: what came before is not lost.
		input := bytes.Repeat([]byte("x"), 2<<16+5)
		out, err := session.Process(t.Context(), input)
		if !bytes.Equal(out, input[:2<<16]) {
			t.Errorf("%d bytes came out before the trap", len(out))
		}
		var trap *transcoder.TrapError
		if !errors.As(err, &trap) {
			t.Fatalf("got %v", err)
		}
		if trap.Function != "xg2g_core::ts::packet::parse" || trap.Call != "process" || trap.Position != 2<<16 || !strings.Contains(trap.Reason, "unreachable") {
			t.Errorf("got %+v", trap)
		}
		if len(trap.Backtrace) != 3 || trap.Backtrace[0] != "core::panicking::panic_fmt" || trap.Backtrace[2] != "process" {
			t.Errorf("backtrace %q", trap.Backtrace)
		}
		if !errors.Is(err, transcoder.ErrTrap) || errors.Is(err, transcoder.ErrLimit) || errors.Is(err, transcoder.ErrClosed) {
			t.Errorf("%v is of the wrong kind", err)
		}
		if _, err := session.Process(t.Context(), nil); !errors.Is(err, transcoder.ErrClosed) || errors.Is(err, transcoder.ErrTrap) {
			t.Errorf("after the trap: %v", err)
		}
		if out, err := other.Process(t.Context(), []byte("hello!")); err != nil || string(out) != "hello!" {
			t.Errorf("another session: %q, %v", out, err)
		}
	})
}

// TestSessionsAreGivenBack opens many sessions and closes half of them; the others are forgotten.
func TestSessionsAreGivenBack(t *testing.T) {
	forEngines(t, func(t *testing.T, engine transcoder.Engine) {
		watch := &recorder{}
		plugin := loadGuest(t, guesttest.Echo(), transcoder.Config{Engine: engine, Observer: watch})
		before := runtime.NumGoroutine()
		const sessions = 200
		for n := range sessions {
			session, err := plugin.Open(t.Context(), transcoder.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if n%2 == 0 {
				_ = session.Close()
			}
		}
		for deadline := time.Now().Add(10 * time.Second); watch.closedSessions() < sessions; runtime.GC() {
			if time.Now().After(deadline) {
				t.Fatalf("%d of %d sessions are closed", watch.closedSessions(), sessions)
			}
			time.Sleep(time.Millisecond)
		}
		if after := runtime.NumGoroutine(); after > before {
			t.Errorf("%d goroutines became %d", before, after)
		}
	})
}
