package transcoder_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	transcoder "github.com/ManuGH/xg2g-transcoder/go"
	"github.com/ManuGH/xg2g-transcoder/go/internal/contract"
	"github.com/ManuGH/xg2g-transcoder/go/internal/guesttest"
)

// recorder is an Observer that keeps what it is told.
type recorder struct {
	mutex  sync.Mutex
	opened []uint64
	closed []uint64
	calls  []transcoder.Call
}

func (r *recorder) SessionOpened(session uint64) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.opened = append(r.opened, session)
}

func (r *recorder) Called(call transcoder.Call) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.calls = append(r.calls, call)
}

func (r *recorder) SessionClosed(session uint64) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.closed = append(r.closed, session)
}

func (r *recorder) closedSessions() int {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return len(r.closed)
}

// word is one of a guest's answer: where it lies, and what it says.
type word struct{ at, value uint32 }

// answer writes words and returns a pointer to them.
func answer(pointer uint32, words ...word) guesttest.Code {
	var code guesttest.Code
	for _, w := range words {
		code = guesttest.Op(code, guesttest.Store(w.at, guesttest.Const(w.value)))
	}
	return guesttest.Op(code, guesttest.Const(pointer))
}

func list(discriminant, pointer, length uint32) guesttest.Code {
	return guesttest.Answer(discriminant, guesttest.Const(pointer), guesttest.Const(length))
}

// lies are answers that the contract does not allow, and what is said of them.
var lies = []struct {
	name   string
	call   contract.Func
	body   guesttest.Code
	reason string
}{
	{"result outside the memory", contract.Process, guesttest.Const(0xfffc), "outside the memory"},
	{"result at the end of the address space", contract.Process, guesttest.Const(0xfffffffc), "outside the memory"},
	{"result not aligned", contract.Process, guesttest.Const(guesttest.Result + 1), "not aligned"},
	{"result of a third case", contract.Process, list(2, 0, 0), "case 2 of 2"},
	{"list outside the memory", contract.Process, list(0, 0xffff, 2), "outside the memory"},
	{"list that wraps around", contract.Process, list(0, 0xffffffff, 0xffffffff), "outside the memory"},
	{"list of 4 GiB", contract.Finish, list(0, 0, 0xffffffff), "outside the memory"},
	{"error outside the memory", contract.Process, list(1, 0xffff, 2), "outside the memory"},
	{"error that is not UTF-8", contract.Process, guesttest.Op(guesttest.Store(0x1000, guesttest.Const(0xff)), list(1, 0x1000, 1)), "not UTF-8"},
	{"error without a kind", contract.Process, list(1, guesttest.Heap, 0), "no kind"},
	{"realloc outside the memory", contract.Realloc, guesttest.Const(0xffff), "cabi_realloc gave 0xffff"},
	{"realloc at the end of the address space", contract.Realloc, guesttest.Const(0xffffffff), "cabi_realloc"},
	{"realloc not aligned", contract.Realloc, guesttest.Const(3), "aligned to 2"},
	{"no handle", contract.Open, list(0, 0, 0), "no such handle"},
	{"a handle that is not its own", contract.Open, list(0, 77, 0), "no such handle"},
	{"a handle that was dropped", contract.Open, guesttest.Op(guesttest.Const(guesttest.Rep), guesttest.Call(guesttest.ResourceNew), guesttest.Call(guesttest.ResourceDrop), list(0, 1, 0)), "no such handle"},
	{"a handle dropped twice", contract.Process, guesttest.Op(guesttest.Const(1), guesttest.Call(guesttest.ResourceDrop), guesttest.Const(guesttest.Result)), "[resource-drop]session(1): no such handle"},
	{"the representation of no handle", contract.Process, guesttest.Op(guesttest.Const(9), guesttest.Call(guesttest.ResourceRep)), "[resource-rep]session(9)"},
	{"too many handles", contract.Process, guesttest.Loop(guesttest.Op(guesttest.Const(1), guesttest.Call(guesttest.ResourceNew), guesttest.Drop)), "1024 handles are the most"},
	{"report not aligned to eight", contract.Report, guesttest.Const(guesttest.Result + 4), "not aligned to 8"},
	{"report outside the memory", contract.Report, guesttest.Const(0xffc0), "outside the memory"},
	{"report with 2^32-1 tracks", contract.Report, answer(guesttest.Result, word{guesttest.Result + 92, 0xffffffff}), "list of 4294967295"},
	{"report with tracks outside the memory", contract.Report, answer(guesttest.Result, word{guesttest.Result + 88, 0xff00}, word{guesttest.Result + 92, 3}), "outside the memory"},
	{"report with tracks not aligned", contract.Report, answer(guesttest.Result, word{guesttest.Result + 88, 0x1004}, word{guesttest.Result + 92, 1}), "not aligned to 8"},
	{"report with a language of a third case", contract.Report, answer(guesttest.Result, word{guesttest.Result + 88, 0x400}, word{guesttest.Result + 92, 1}, word{0x400 + 12, 2}), "case 2 of 2"},
	{"report with a codec outside the memory", contract.Report, answer(guesttest.Result, word{guesttest.Result + 88, 0x400}, word{guesttest.Result + 92, 1}, word{0x400 + 4, 0x10000}, word{0x400 + 8, 1}), "outside the memory"},
	// 300 tracks of 104 bytes, and two of them name the same 24 KB as their codec.
	{"report that multiplies itself", contract.Report, answer(guesttest.Result, word{guesttest.Result + 88, 0x400}, word{guesttest.Result + 92, 300},
		word{0x400 + 4, 0x9000}, word{0x400 + 8, 0x6000}, word{0x468 + 4, 0x9000}, word{0x468 + 8, 0x6000}), "more than 65536 bytes"},
	{"inspection of a third case", contract.Inspect, answer(guesttest.Result, word{guesttest.Result, 3}), "case 3 of 2"},
	{"inspection not aligned to eight", contract.Inspect, guesttest.Const(guesttest.Result + 4), "not aligned to 8"},
	{"inspection with programs outside the memory", contract.Inspect, answer(guesttest.Result, word{guesttest.Result, 0}, word{guesttest.Result + 24, 0xfff0}, word{guesttest.Result + 28, 2}), "outside the memory"},
	{"inspection with an unknown action", contract.Inspect, answer(guesttest.Result, word{guesttest.Result, 0}, word{guesttest.Result + 24, 0x200}, word{guesttest.Result + 28, 1},
		word{0x200 + 8, 0x400}, word{0x200 + 12, 1}, word{0x400 + 64, 2}), "an action has case 2 of 2"},
	{"version outside the memory", contract.GetVersion, answer(guesttest.Result, word{guesttest.Result, 0xffff}, word{guesttest.Result + 4, 2}), "outside the memory"},
}

// use makes every call of the contract until one fails.
func use(t *testing.T, plugin *transcoder.Plugin) error {
	t.Helper()
	ctx := t.Context()
	if _, err := plugin.Version(ctx); err != nil {
		return err
	}
	options := transcoder.Options{Bitrate: 128_000, PIDs: []uint16{100, 200}, Languages: []string{"deu", "fra"}}
	if _, err := plugin.Inspect(ctx, []byte("abc"), options); err != nil && !errors.Is(err, transcoder.ErrMalformed) {
		return err
	}
	session, err := plugin.Open(ctx, options)
	if err != nil {
		return err
	}
	defer func() { _ = session.Close() }()
	if _, err := session.Process(ctx, []byte("abc")); err != nil {
		return err
	}
	if _, err := session.Report(ctx); err != nil {
		return err
	}
	_, err = session.Finish(ctx)
	return err
}

func TestEchoKeepsTheContract(t *testing.T) {
	forEngines(t, func(t *testing.T, engine transcoder.Engine) {
		if err := use(t, loadGuest(t, guesttest.Echo(), transcoder.Config{Engine: engine})); err != nil {
			t.Fatal(err)
		}
	})
}

func TestLiesAreFound(t *testing.T) {
	for _, lie := range lies {
		t.Run(lie.name, func(t *testing.T) {
			forEngines(t, func(t *testing.T, engine transcoder.Engine) {
				err := use(t, loadGuest(t, guesttest.Echo().With(lie.call, lie.body), transcoder.Config{Engine: engine}))
				var broken *transcoder.ContractError
				if !errors.As(err, &broken) || !errors.Is(err, transcoder.ErrContract) || errors.Is(err, transcoder.ErrTrap) {
					t.Fatalf("got %v", err)
				}
				if !strings.Contains(broken.Reason, lie.reason) {
					t.Errorf("%q does not say %q", broken.Reason, lie.reason)
				}
			})
		})
	}
}

func TestTraps(t *testing.T) {
	ending := guesttest.Echo()
	ending.With(contract.Process, guesttest.Op(guesttest.Const(5), guesttest.Call(guesttest.ResourceNew), guesttest.Call(guesttest.ResourceDrop), guesttest.Unreachable))
	ending.With(contract.Destroy, guesttest.Op(guesttest.Const(0xffffff), guesttest.Load, guesttest.Drop))
	starting := guesttest.Echo()
	starting.Start(starting.Func("start", 0, 0, guesttest.Unreachable))
	for name, c := range map[string]struct {
		guest  *guesttest.Guest
		reason string
	}{
		"unreachable":         {guesttest.Echo().With(contract.Process, guesttest.Unreachable), "unreachable"},
		"out of bounds":       {guesttest.Echo().With(contract.Report, guesttest.Op(guesttest.Const(0xffffff), guesttest.Load)), "out of bounds"},
		"division":            {guesttest.Echo().With(contract.Finish, guesttest.Op(guesttest.Const(1), guesttest.Const(0), guesttest.DivU)), "divide by zero"},
		"in cabi_post":        {guesttest.Echo().With(contract.ProcessPost, guesttest.Unreachable), "unreachable"},
		"in the start":        {starting, "unreachable"},
		"in the initializing": {guesttest.Echo().With(contract.Initialize, guesttest.Unreachable), "unreachable"},
		"in the destructor":   {ending, "out of bounds"},
	} {
		t.Run(name, func(t *testing.T) {
			forEngines(t, func(t *testing.T, engine transcoder.Engine) {
				err := use(t, loadGuest(t, c.guest, transcoder.Config{Engine: engine}))
				var trap *transcoder.TrapError
				if !errors.As(err, &trap) || !strings.Contains(trap.Reason, c.reason) || trap.Function == "" {
					t.Fatalf("got %#v", err)
				}
			})
		})
	}
}

// TestResourceDropDestroys has a guest that drops a session of its own: the destructor runs with its representation.
func TestResourceDropDestroys(t *testing.T) {
	guest := guesttest.Echo()
	guest.With(contract.Process, guesttest.Op(
		guesttest.Const('x'), guesttest.Call(guesttest.ResourceNew), guesttest.Call(guesttest.ResourceDrop), list(0, 0x800, 1)))
	guest.With(contract.Destroy, guesttest.StoreAt(guesttest.Const(0x800), guesttest.Get(0)))
	forEngines(t, func(t *testing.T, engine transcoder.Engine) {
		out, err := open(t, loadGuest(t, guest, transcoder.Config{Engine: engine})).Process(t.Context(), nil)
		if err != nil || string(out) != "x" {
			t.Fatalf("%q, %v", out, err)
		}
	})
}

func TestErrorsOfThePlugin(t *testing.T) {
	kinds := map[string]error{
		"malformed": transcoder.ErrMalformed, "unsupported": transcoder.ErrUnsupported, "limit": transcoder.ErrLimit,
		"closed": transcoder.ErrClosed, "invalid-option": transcoder.ErrInvalidOption,
	}
	for word, want := range kinds {
		t.Run(word, func(t *testing.T) {
			forEngines(t, func(t *testing.T, engine transcoder.Engine) {
				watch := &recorder{}
				guest := guesttest.Echo().Refuse(contract.Finish, word+": PID 100: because: so")
				session := open(t, loadGuest(t, guest, transcoder.Config{Engine: engine, Observer: watch}))
				if _, err := session.Process(t.Context(), []byte("abcde")); err != nil {
					t.Fatal(err)
				}
				_, err := session.Finish(t.Context())
				var own *transcoder.Error
				if !errors.As(err, &own) || own.Message != "PID 100: because: so" || own.Call != "finish" || own.Position != 5 {
					t.Fatalf("got %#v", err)
				}
				for other, kind := range kinds {
					if errors.Is(err, kind) != (other == word) {
						t.Errorf("%v is %v, want %v", err, kind, want)
					}
				}
				if err.Error() != word+": PID 100: because: so" || transcoder.Kind(err) != word {
					t.Errorf("it reads %q and is %q", err, transcoder.Kind(err))
				}
				// Such an error does not end the session.
				if out, err := session.Process(t.Context(), []byte("on")); err != nil || string(out) != "on" {
					t.Errorf("%q, %v", out, err)
				}
			})
		})
	}
}
