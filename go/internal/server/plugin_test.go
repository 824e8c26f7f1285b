package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	transcoder "github.com/ManuGH/xg2g-transcoder/go"
	"github.com/ManuGH/xg2g-transcoder/go/internal/receiver"
)

// pluginPath is where the plugin is: $XG2G_PLUGIN, else where a build puts it.
func pluginPath() string {
	if path := os.Getenv("XG2G_PLUGIN"); path != "" {
		return path
	}
	return "../../../dist/transcoder.wasm"
}

// compiled is the plugin that was built, compiled once for all tests.
var compiled = sync.OnceValues(func() (*Plugin, error) {
	return LoadPlugin(context.Background(), &Config{Plugin: pluginPath(), Cache: "-", Log: slog.New(slog.DiscardHandler)}, nil)
})

func realPlugin(t testing.TB) *Plugin {
	t.Helper()
	if _, err := os.Stat(pluginPath()); err != nil {
		t.Skipf("SKIPPED: no plugin; run make build first: %v", err)
	}
	p, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func newRealRig(t testing.TB, upstream http.Handler, change func(*Config)) *rig {
	t.Helper()
	return newRigWith(t, upstream, change, &fake{}, realPlugin(t))
}

// What a client gets is what the plugin makes of the stream, byte for byte, and its sound is AAC.
func TestServedStreamIsThePluginsOutput(t *testing.T) {
	loop := demoLoop(t)
	r := newRealRig(t, receiver.New(loop, nil), nil)
	got := make([]byte, 188*1500)
	if _, err := io.ReadFull(get(t, r.url+reference+"?from=start").Body, got); err != nil {
		t.Fatal(err)
	}
	plugin := r.transcoder.(*Plugin)
	session, err := plugin.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	want, err := session.AppendProcess(t.Context(), nil, loop.Append(nil, 0, int64(loop.Packets())))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(want, got) {
		t.Error("the server's stream differs from the plugin's")
	}
	report, err := session.Report(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if track := report.Tracks[0]; track.PID != 0x102 || track.Codec != "AC-3" || track.Language != "eng" || track.SampleRate != 48000 ||
		track.Channels != "5.1" || track.FramesDecoded < 200 || track.AccessUnits < 300 || track.DriftMicros != 0 {
		t.Errorf("%+v", track)
	}
	found, err := plugin.plugin.Inspect(t.Context(), got, transcoder.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var types []uint8
	for _, track := range found.Programs[0].Tracks {
		types = append(types, track.StreamType)
	}
	// ISO/IEC 13818-1 Table 2-34: AVC, and twice AAC with ADTS.
	if !slices.Equal(types, []uint8{0x1b, 0x0f, 0x0f}) {
		t.Errorf("stream types %#x", types)
	}
}

// Over a lost connection the same session goes on: it resynchronises, counts the loss and decodes on.
func TestPluginGoesOnOverALostUpstream(t *testing.T) {
	for _, fault := range []string{"cut", "stall"} {
		r := newRealRig(t, receiver.New(demoLoop(t), nil), func(c *Config) { c.Stall = 300 * time.Millisecond })
		response := get(t, r.url+reference+"?after=150001&times=1&fault="+fault)
		go func() { _, _ = io.Copy(io.Discard, response.Body) }()
		var before, after *Report
		eventually(t, fault+": sound before and after the loss", func() bool {
			for _, l := range r.sessions.list() {
				report := l.report.Load()
				switch {
				case report == nil || len(report.Tracks) < 2:
				case l.reconnects.Load() == 0:
					before = report
				case before == nil:
					before = report
				case report.Tracks[0].FramesDecoded > before.Tracks[0].FramesDecoded+30:
					after = report
				}
			}
			return after != nil
		})
		if after.ContinuityErrors == 0 {
			t.Errorf("%s: the loss was not counted: %+v", fault, after)
		}
		if n := r.sessions.list()[0].restarts.Load(); n != 0 {
			t.Errorf("%s: %d sandboxes died", fault, n)
		}
	}
}

// A stream that never says what it is passes as it came.
func TestPluginPassesAStreamWithoutPSI(t *testing.T) {
	r := newRealRig(t, receiver.New(demoLoop(t), nil), nil)
	got := make([]byte, 188*100)
	if _, err := io.ReadFull(get(t, r.url+reference+"?fault=nopsi").Body, got); err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(got); at += 188 {
		if got[at] != 0x47 {
			t.Fatalf("byte %d is %#x", at, got[at])
		}
	}
}

func TestPluginsOptionsAreCheckedAtTheStart(t *testing.T) {
	realPlugin(t)
	c := &Config{Log: slog.New(slog.DiscardHandler), Plugin: pluginPath(), Cache: t.TempDir(), Sound: Sound{Bitrate: 1}}
	if _, err := LoadPlugin(t.Context(), c, nil); !errors.Is(err, transcoder.ErrInvalidOption) {
		t.Errorf("%v, want ErrInvalidOption", err)
	}
}

// XG2G_LONG=1 makes it ten thousand sessions, which takes minutes.
func TestNothingLeaksWithThePlugin(t *testing.T) {
	count := 1000
	switch {
	case os.Getenv("XG2G_LONG") != "":
		count = 10_000
	case testing.Short():
		count = 200
	}
	loop := demoLoop(t)
	// Enough of the stream for the tables, the decoders and the encoders.
	r := newRealRig(t, holding(loop.Append(nil, 0, loop.At(400*time.Millisecond))), nil)
	leaves(t, r, 188, 200, count)
}
