package transcoder_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	transcoder "github.com/ManuGH/xg2g-transcoder/go"
	"github.com/ManuGH/xg2g-transcoder/go/internal/contract"
	"github.com/ManuGH/xg2g-transcoder/go/internal/guesttest"
)

func loadCached(t *testing.T, guest *guesttest.Guest, engine transcoder.Engine, dir string) *transcoder.Plugin {
	t.Helper()
	plugin, err := transcoder.Load(t.Context(), guest.Component(), transcoder.Config{Engine: engine, CacheDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = plugin.Close() })
	return plugin
}

func files(t *testing.T, dir string) (found []string) {
	t.Helper()
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestCacheIsUsedAndDamageFound(t *testing.T) {
	forEngines(t, func(t *testing.T, engine transcoder.Engine) {
		dir := filepath.Join(t.TempDir(), "made")
		loadCached(t, guesttest.Echo(), engine, dir)
		kept := files(t, dir)
		if len(kept) != 1 {
			t.Fatalf("kept: %q", kept)
		}
		if info, err := os.Stat(dir); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o700 {
			t.Errorf("the folder is %v, %v", info.Mode(), err)
		}
		if plugin := loadCached(t, guesttest.Echo(), engine, dir); engine == transcoder.EngineWasmtime && !plugin.FromCache() {
			t.Error("it was compiled again")
		}
		// Another plugin is another file.
		if loadCached(t, guesttest.Echo().Without(contract.Destroy), engine, dir).FromCache() || len(files(t, dir)) != 2 {
			t.Errorf("kept: %q", files(t, dir))
		}
		if engine != transcoder.EngineWasmtime {
			return
		}
		code, err := os.ReadFile(kept[0])
		if err != nil {
			t.Fatal(err)
		}
		for name, damaged := range map[string][]byte{"empty": nil, "cut": code[:len(code)/2], "changed": bytes.Replace(code, []byte("ELF"), []byte("FLE"), 1), "head": code[:20]} {
			if err := os.WriteFile(kept[0], damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			plugin := loadCached(t, guesttest.Echo(), engine, dir)
			if plugin.FromCache() {
				t.Errorf("%s: it was trusted", name)
			}
			if err := use(t, plugin); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if again, err := os.ReadFile(kept[0]); err != nil || !bytes.Equal(again[:32], code[:32]) && len(again) < len(code)/2 {
			t.Errorf("it was not mended: %v", err)
		}
	})
}

func TestCacheThatOthersCanWriteTo(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("SKIPPED: access rights are the system's own")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := transcoder.Load(t.Context(), guesttest.Echo().Component(), transcoder.Config{CacheDir: dir}); err == nil || len(files(t, dir)) > 0 {
		t.Errorf("got %v", err)
	}
}

func TestPluginCloses(t *testing.T) {
	forEngines(t, func(t *testing.T, engine transcoder.Engine) {
		plugin := loadGuest(t, guesttest.Echo(), transcoder.Config{Engine: engine})
		session := open(t, plugin)
		for range 2 {
			if err := plugin.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := plugin.Open(t.Context(), transcoder.Options{}); !errors.Is(err, transcoder.ErrClosed) {
			t.Errorf("opened after Close: %v", err)
		}
		if out, err := session.Process(t.Context(), []byte("still here")); err != nil || string(out) != "still here" {
			t.Errorf("%q, %v", out, err)
		}
		_ = session.Close()
		if _, err := session.Process(t.Context(), nil); !errors.Is(err, transcoder.ErrClosed) {
			t.Errorf("got %v", err)
		}
	})
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("XG2G_PLUGIN", "")
	if path, err := transcoder.Find(""); err == nil {
		t.Errorf("found %s", path)
	}
	if err := os.MkdirAll("dist", 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{filepath.Join("dist", "transcoder.wasm"), "named.wasm"} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if path, err := transcoder.Find(""); err != nil || path != filepath.Join("dist", "transcoder.wasm") {
		t.Errorf("%q, %v", path, err)
	}
	if path, err := transcoder.Find("named.wasm"); err != nil || path != "named.wasm" {
		t.Errorf("%q, %v", path, err)
	}
	// What is named is looked for nowhere else.
	t.Setenv("XG2G_PLUGIN", "missing.wasm")
	if path, err := transcoder.Find(""); err == nil {
		t.Errorf("found %s", path)
	}
}
