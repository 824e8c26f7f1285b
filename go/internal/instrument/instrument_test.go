package instrument_test

import (
	"bytes"
	"testing"

	"github.com/ManuGH/xg2g-transcoder/go/internal/component"
	"github.com/ManuGH/xg2g-transcoder/go/internal/contract"
	"github.com/ManuGH/xg2g-transcoder/go/internal/guesttest"
	"github.com/ManuGH/xg2g-transcoder/go/internal/instrument"
)

func parse(t testing.TB, file []byte) *component.Core {
	t.Helper()
	core, err := component.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	return core
}

// wrapped parses the rewritten module as the core module that it still is.
func wrapped(t testing.TB, module []byte) *component.Core {
	t.Helper()
	return parse(t, guesttest.Wrap(module, "", contract.Interface))
}

func TestWhatIsAdded(t *testing.T) {
	guest := guesttest.Echo()
	guest.Start(guest.Func("begin", 0, 0, nil))
	core := parse(t, guest.Component())
	for _, poll := range []bool{false, true} {
		module, err := instrument.Module(core, poll)
		if err != nil {
			t.Fatal(err)
		}
		after := wrapped(t, module)
		if after.Types != core.Types+2 || after.Funcs != core.Funcs+2 || after.Globals != core.Globals+3 || after.MemoryBytes != core.MemoryBytes {
			t.Errorf("%+v became %+v", core, after)
		}
		for _, name := range []string{instrument.Refused, instrument.Stop, contract.Funcs[contract.Start].Name} {
			if !bytes.Contains(module, []byte(name)) {
				t.Errorf("%q is not exported", name)
			}
		}
		grow := []byte{0x40, 0x00}
		if n := bytes.Count(core.Bytes, grow); n == 0 {
			t.Error("there is no memory.grow to replace")
		}
	}
}

// TestEveryInstruction puts instructions with bytes in them that would be a loop, or a memory.grow, if their ends were mistaken.
func TestEveryInstruction(t *testing.T) {
	for name, code := range map[string]guesttest.Code{
		"br_table":        {0x0e, 0x02, 0x03, 0x40, 0x03},
		"select":          {0x1c, 0x01, 0x03},
		"call_indirect":   {0x11, 0x40, 0x03},
		"load":            {0x28, 0x03, 0x40},
		"f32.const":       {0x43, 0x03, 0x40, 0x03, 0x40},
		"f64.const":       {0x44, 0x03, 0x40, 0x03, 0x40, 0x03, 0x40, 0x03, 0x40},
		"i64.const":       {0x42, 0x83, 0xc0, 0x03},
		"memory.init":     {0xfc, 0x08, 0x03, 0x40},
		"memory.copy":     {0xfc, 0x0a, 0x03, 0x40},
		"memory.fill":     {0xfc, 0x0b, 0x03},
		"v128.const":      append(guesttest.Code{0xfd, 0x0c}, bytes.Repeat([]byte{0x03, 0x40}, 8)...),
		"i8x16.shuffle":   append(guesttest.Code{0xfd, 0x0d}, bytes.Repeat([]byte{0x03, 0x40}, 8)...),
		"v128.load":       {0xfd, 0x00, 0x03, 0x40},
		"extract_lane":    {0xfd, 0x15, 0x03},
		"v128.load8_lane": {0xfd, 0x54, 0x03, 0x40, 0x03},
		"f32x4.add":       {0xfd, 0xe4, 0x01},
	} {
		t.Run(name, func(t *testing.T) {
			guest := guesttest.Echo().With(contract.Process, code)
			module, err := instrument.Module(parse(t, guest.Component()), true)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Contains(module, append(bytes.Clone(code), 0x0b)) {
				t.Error("it was changed")
			}
		})
	}
}

func TestWhatCannotBeRewritten(t *testing.T) {
	for name, code := range map[string]guesttest.Code{
		"unknown":              {0xff},
		"unknown miscellany":   {0xfc, 0x20},
		"unknown vector":       {0xfd, 0x80, 0x02},
		"number without end":   append(guesttest.Code{0x41}, bytes.Repeat([]byte{0x80}, 12)...),
		"cut number of f32":    {0x43, 0x00},
		"more than its labels": {0x0e, 0xff, 0xff, 0xff, 0xff, 0x0f},
	} {
		t.Run(name, func(t *testing.T) {
			// The function's end belongs to the instruction, which thus has none.
			core := parse(t, guesttest.Echo().With(contract.Process, code).Component())
			if _, err := instrument.Module(core, true); err == nil {
				t.Error("no error")
			}
		})
	}
}

func FuzzModule(f *testing.F) {
	f.Add(guesttest.Echo().Component())
	f.Fuzz(func(t *testing.T, file []byte) {
		core, err := component.Parse(file)
		if err != nil {
			return
		}
		_, _ = instrument.Module(core, true) // must not panic
	})
}
