package transcoder_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"

	transcoder "github.com/ManuGH/xg2g-transcoder/go"
	"github.com/ManuGH/xg2g-transcoder/go/internal/guesttest"
)

// cacheDir holds the plugin's compiled code for all the tests of one run.
var cacheDir string

func TestMain(m *testing.M) {
	var err error
	if cacheDir, err = os.MkdirTemp("", "xg2g-transcoder-test-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(cacheDir)
	os.Exit(code)
}

// forEngines runs a test on every engine of this build.
func forEngines(t *testing.T, test func(t *testing.T, engine transcoder.Engine)) {
	for _, engine := range transcoder.Engines() {
		t.Run(string(engine), func(t *testing.T) { test(t, engine) })
	}
}

// loadGuest loads a guest that was made for the test.
func loadGuest(t testing.TB, guest *guesttest.Guest, config transcoder.Config) *transcoder.Plugin {
	t.Helper()
	config.NoCache = true
	plugin, err := transcoder.Load(t.Context(), guest.Component(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = plugin.Close() })
	return plugin
}

func open(t testing.TB, plugin *transcoder.Plugin) *transcoder.Session {
	t.Helper()
	session, err := plugin.Open(t.Context(), transcoder.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = session.Close() })
	return session
}

// pluginFile is the real plugin, or skips the test.
func pluginFile(t testing.TB) string {
	t.Helper()
	path := os.Getenv("XG2G_PLUGIN")
	if path == "" {
		path = filepath.Join("..", "dist", "transcoder.wasm")
	}
	if _, err := os.Stat(path); err != nil {
		t.Skipf("SKIPPED: no plugin at %s; make it with `make build`, or name it by XG2G_PLUGIN", path)
	}
	return path
}

var plugins sync.Map // engine → func() (*transcoder.Plugin, error)

// loadPlugin loads the real plugin, once for each engine.
func loadPlugin(t testing.TB, engine transcoder.Engine) *transcoder.Plugin {
	t.Helper()
	path := pluginFile(t)
	load, _ := plugins.LoadOrStore(engine, sync.OnceValues(func() (*transcoder.Plugin, error) {
		return transcoder.LoadFile(context.Background(), path, transcoder.Config{Engine: engine, CacheDir: cacheDir})
	}))
	plugin, err := load.(func() (*transcoder.Plugin, error))()
	if err != nil {
		t.Fatal(err)
	}
	return plugin
}

// demoStream is the project's own stream, or skips the test.
func demoStream(t testing.TB) []byte {
	t.Helper()
	stream, err := os.ReadFile(filepath.Join("..", "tests", "demo", "demo.ts"))
	if err != nil {
		t.Skipf("SKIPPED: no demo stream: %v", err)
	}
	return stream
}

// streams are the shared real streams, or skips the test.
func streams(t testing.TB) []string {
	t.Helper()
	dir := os.Getenv("XG2G_STREAMS")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "streams")
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*ts"))
	if len(files) == 0 {
		t.Skipf("SKIPPED: no streams in %s; name their folder by XG2G_STREAMS", dir)
	}
	return files
}

// transcode puts a stream through a session in pieces.
func transcode(t testing.TB, plugin *transcoder.Plugin, stream []byte, piece int) []byte {
	t.Helper()
	session := open(t, plugin)
	defer func() { _ = session.Close() }()
	var out []byte
	var err error
	for len(stream) > 0 {
		n := min(piece, len(stream))
		if out, err = session.AppendProcess(t.Context(), out, stream[:n]); err != nil {
			t.Fatal(err)
		}
		stream = stream[n:]
	}
	if out, err = session.AppendFinish(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	return out
}

// read puts a stream through a Reader.
func read(t testing.TB, plugin *transcoder.Plugin, stream []byte) []byte {
	t.Helper()
	reader, err := transcoder.NewReader(t.Context(), plugin, bytes.NewReader(stream), transcoder.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	out, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
