package component_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/ManuGH/xg2g-transcoder/go/internal/component"
	"github.com/ManuGH/xg2g-transcoder/go/internal/contract"
	"github.com/ManuGH/xg2g-transcoder/go/internal/guesttest"
)

// kinds are all the errors there are; each error is exactly one of them.
var kinds = []error{
	component.ErrNotComponent, component.ErrCoreModule, component.ErrTruncated, component.ErrInvalid, component.ErrWorld,
	component.ErrVersion, component.ErrImports,
}

func patched(g *guesttest.Guest, old, replacement string) []byte {
	return bytes.Replace(g.Component(), []byte(old), []byte(replacement), 1)
}

var cases = []struct {
	name string
	file []byte
	want error
	says string
}{
	{"empty", nil, component.ErrNotComponent, "empty"},
	{"text", []byte("#EXTM3U\n"), component.ErrNotComponent, `"#EXT"`},
	{"png", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), component.ErrNotComponent, "PNG"},
	{"html", []byte("<!doctype html>"), component.ErrNotComponent, "<!do"},
	{"one byte of magic", []byte("\x00"), component.ErrTruncated, "1 bytes"},
	{"magic alone", []byte("\x00asm"), component.ErrTruncated, "4 bytes"},
	{"future layer", []byte("\x00asm\x0e\x00\x01\x00"), component.ErrNotComponent, "0e 00 01 00"},
	{"core module", guesttest.Echo().Module(), component.ErrCoreModule, "component new"},
	{"header alone", []byte("\x00asm\x0d\x00\x01\x00"), component.ErrWorld, "exports nothing"},
	{"cut in a section", guesttest.Echo().Component()[:200], component.ErrTruncated, "ends inside a section"},
	{"unknown section", []byte("\x00asm\x0d\x00\x01\x00\x63\x00"), component.ErrInvalid, "section 99"},
	{"number too long", []byte("\x00asm\x0d\x00\x01\x00\x01\xff\xff\xff\xff\xff\x01"), component.ErrInvalid, "32 bits"},
	{"imports", componentImport("wasi:cli/environment@0.2.6"), component.ErrImports, "wasi:cli/environment@0.2.6"},
	{"imports of the core module", coreImport("clock"), component.ErrImports, `"clock" of "env"`},
	{"imports of another type", patched(guesttest.Echo(), "\x60\x01\x7f\x01\x7f", "\x60\x01\x7f\x01\x7e"), component.ErrInvalid, contract.ResourceNew},
	{"other world", guesttest.Wrap(guesttest.Echo().Module(), "", "wasi:cli/run@0.2.6"), component.ErrWorld, "wasi:cli/run@0.2.6"},
	{"other version", guesttest.Wrap(guesttest.Echo().Module(), "", contract.Name+"@2.0.0"), component.ErrVersion, "@2.0.0"},
	{"no version", guesttest.Wrap(guesttest.Echo().Module(), "", contract.Name), component.ErrVersion, contract.Interface},
	{"not an instance", patched(guesttest.Echo(), contract.Interface+"\x05\x00\x00", contract.Interface+"\x01\x00\x00"), component.ErrWorld, contract.Interface},
	{"no core module", guesttest.Wrap(nil, "", contract.Interface), component.ErrWorld, "composed"},
	{"core module that is none", guesttest.Wrap([]byte("\x00asm\x02\x00\x00\x00"), "", contract.Interface), component.ErrInvalid, "02 00 00 00"},
	{"core module of something else", guesttest.Wrap([]byte("\x00asm\x01\x00\x00\x00"), "", contract.Interface), component.ErrWorld, "composed"},
	{"function missing", guesttest.Echo().Without(contract.Finish).Component(), component.ErrWorld, "session.finish"},
	{"function of another type", patched(guesttest.Echo(), "\x60\x03\x7f\x7f\x7f\x01\x7f", "\x60\x03\x7f\x7f\x7e\x01\x7f"), component.ErrWorld, "session.process"},
	{"memory missing", patched(guesttest.Echo(), "\x06memory", "\x06memorX"), component.ErrInvalid, "memory"},
	{"memory of 64 bits", patched(guesttest.Echo(), "\x05\x03\x01\x00\x01", "\x05\x03\x01\x04\x01"), component.ErrInvalid, "32 bits"},
	{"name not utf-8", patched(guesttest.Echo(), contract.Interface+"#", "\xff"+contract.Interface[1:]+"#"), component.ErrInvalid, "UTF-8"},
	{"twice", append(guesttest.Echo().Component(), guesttest.Echo().Component()[8:]...), component.ErrInvalid, "two core modules"},
}

func componentImport(name string) []byte {
	g := guesttest.Echo()
	g.ComponentImport = name
	return g.Component()
}

func coreImport(name string) []byte {
	g := guesttest.Echo()
	g.Import = name
	return g.Component()
}

func TestParseTellsWhatIsWrong(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			core, err := component.Parse(c.file)
			if core != nil || !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			for _, kind := range kinds {
				if errors.Is(err, kind) != (kind == c.want) {
					t.Errorf("%v is also %v", err, kind)
				}
			}
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("%q does not say %q", err, c.says)
			}
		})
	}
}

func TestParseTakesTheCoreModuleOut(t *testing.T) {
	g := guesttest.Echo()
	g.Pages = 3
	core, err := component.Parse(g.Component())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(core.Bytes, g.Module()) {
		t.Error("the core module is not the one that was put in")
	}
	if core.MemoryBytes != 3<<16 {
		t.Errorf("memory begins with %d bytes", core.MemoryBytes)
	}
}

func TestOptionalFunctionsMayBeMissing(t *testing.T) {
	g := guesttest.Echo()
	for f, signature := range contract.Funcs {
		if signature.Optional {
			g.Without(contract.Func(f))
		}
	}
	if _, err := component.Parse(g.Component()); err != nil {
		t.Fatal(err)
	}
}

// TestEveryCutIsAnError cuts the plugin after each byte: none of the pieces is a plugin.
func TestEveryCutIsAnError(t *testing.T) {
	file := guesttest.Echo().Component()
	for n := range file {
		_, err := component.Parse(file[:n])
		if err == nil {
			t.Fatalf("the first %d of %d bytes are taken for a plugin", n, len(file))
		}
		if n > 0 && !errors.Is(err, component.ErrTruncated) && !errors.Is(err, component.ErrWorld) {
			t.Fatalf("the first %d of %d bytes: %v", n, len(file), err)
		}
	}
}

// TestEveryFlippedBitIsHarmless damages the plugin: what is found is an error or, where it does not matter, nothing.
func TestEveryFlippedBitIsHarmless(t *testing.T) {
	file := guesttest.Echo().Component()
	for n := range file {
		for bit := range 8 {
			damaged := bytes.Clone(file)
			damaged[n] ^= 1 << bit
			if core, err := component.Parse(damaged); (core == nil) == (err == nil) {
				t.Fatalf("byte %d, bit %d: %v and %v", n, bit, core, err)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range cases {
		f.Add(c.file)
	}
	f.Add(guesttest.Echo().Component())
	if plugin, err := os.ReadFile(os.Getenv("XG2G_PLUGIN")); err == nil {
		f.Add(plugin)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		core, err := component.Parse(file)
		switch {
		case err == nil && (core == nil || !bytes.Contains(file, core.Bytes)):
			t.Fatal("a core module that is not in the file")
		case err == nil:
			return
		}
		n := 0
		for _, kind := range kinds {
			if errors.Is(err, kind) {
				n++
			}
		}
		if core != nil || n != 1 {
			t.Fatalf("%v is of %d kinds", err, n)
		}
	})
}
