package transcoder_test

import (
	"fmt"
	"testing"

	transcoder "github.com/ManuGH/xg2g-transcoder/go"
	"github.com/ManuGH/xg2g-transcoder/go/internal/guesttest"
)

// BenchmarkBoundary is what passing bytes in and out costs, with a plugin that gives back what it is given. Allocations must not
// grow with the input.
func BenchmarkBoundary(b *testing.B) {
	for _, engine := range transcoder.Engines() {
		for _, size := range []int{188, 64 << 10, 192 << 10, 1 << 20} {
			b.Run(fmt.Sprintf("%s/%d", engine, size), func(b *testing.B) {
				session := open(b, loadGuest(b, guesttest.Echo(), transcoder.Config{Engine: engine}))
				benchmark(b, session, make([]byte, size))
			})
		}
	}
}

// BenchmarkProcess is what 192 KiB of the demo stream cost, sound and all.
func BenchmarkProcess(b *testing.B) {
	stream := demoStream(b)[:192<<10/188*188]
	for _, engine := range transcoder.Engines() {
		b.Run(string(engine), func(b *testing.B) {
			benchmark(b, open(b, loadPlugin(b, engine)), stream)
		})
	}
}

func benchmark(b *testing.B, session *transcoder.Session, input []byte) {
	b.Helper()
	b.SetBytes(int64(len(input)))
	b.ReportAllocs()
	var out []byte
	for b.Loop() {
		var err error
		if out, err = session.AppendProcess(b.Context(), out[:0], input); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpen is what a new session costs.
func BenchmarkOpen(b *testing.B) {
	for _, engine := range transcoder.Engines() {
		b.Run(string(engine), func(b *testing.B) {
			plugin := loadPlugin(b, engine)
			b.ReportAllocs()
			for b.Loop() {
				session, err := plugin.Open(b.Context(), transcoder.Options{})
				if err != nil {
					b.Fatal(err)
				}
				_ = session.Close()
			}
		})
	}
}

// BenchmarkLoad is what a start costs with the compiled code in the cache.
func BenchmarkLoad(b *testing.B) {
	path := pluginFile(b)
	for _, engine := range transcoder.Engines() {
		b.Run(string(engine), func(b *testing.B) {
			loadPlugin(b, engine) // fills the cache
			for b.Loop() {
				plugin, err := transcoder.LoadFile(b.Context(), path, transcoder.Config{Engine: engine, CacheDir: cacheDir})
				if err != nil {
					b.Fatal(err)
				}
				_ = plugin.Close()
			}
		})
	}
}

// TestAllocationsDoNotGrow holds what BenchmarkBoundary prints: apart from the output, a call of 64 KiB allocates what one of a
// packet does, and a larger one that for each piece.
func TestAllocationsDoNotGrow(t *testing.T) {
	forEngines(t, func(t *testing.T, engine transcoder.Engine) {
		session := open(t, loadGuest(t, guesttest.Echo(), transcoder.Config{Engine: engine}))
		allocations := func(size int) float64 {
			input, out := make([]byte, size), make([]byte, 0, size)
			return testing.AllocsPerRun(50, func() {
				var err error
				if out, err = session.AppendProcess(t.Context(), out[:0], input); err != nil {
					t.Fatal(err)
				}
			})
		}
		packet, piece, pieces := allocations(188), allocations(64<<10), allocations(4*64<<10)
		const spare = 8 // the runtime's own, now and then
		if piece > packet+spare || pieces > 4*(packet+spare) {
			t.Errorf("a packet takes %v allocations, a piece %v, four pieces %v", packet, piece, pieces)
		}
	})
}
