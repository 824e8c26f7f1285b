package component

import (
	"bytes"
	"fmt"

	"github.com/ManuGH/xg2g-transcoder/go/internal/contract"
)

// Core is the plugin's core module, checked: it exports every function of the contract with its type, and imports nothing
// but the handle table of its own resource.
type Core struct {
	// Bytes is the module as it lies in the component.
	Bytes []byte
	// MemoryBytes is how large its linear memory is from the start.
	MemoryBytes uint64
	// Types, Funcs and Globals are how many of them it has, imported ones included.
	Types, Funcs, Globals int
}

const pageSize = 64 << 10

// The sections of a core module that matter here.
const (
	moduleType     = 1
	moduleImport   = 2
	moduleFunction = 3
	moduleMemory   = 5
	moduleGlobal   = 6
	moduleExport   = 7
)

// The kinds of things that a core module imports and exports.
const (
	kindFunc = iota
	kindTable
	kindMemory
	kindGlobal
)

// valI32 is the code of the type i32, formFunc that of a function type.
const (
	valI32   = 0x7f
	formFunc = 0x60
)

// funcType is a core function type as far as it matters: how many parameters and results, and whether all are i32.
type funcType struct {
	params, results int
	onlyI32         bool
}

type item struct {
	kind  byte
	index uint32
}

type coreImport struct {
	module, name string
	kind         byte
	typ          uint32
}

type module struct {
	bytes    []byte
	types    []funcType
	imports  []coreImport
	funcs    []uint32 // type of each function, imported ones first
	memories []memoryType
	globals  int
	exports  map[string]item
}

type memoryType struct {
	flags    byte
	minPages uint64
}

func parseModule(s scanner) (*module, error) {
	if head := s.take(headerSize, "a core module's header"); s.err == nil && !bytes.Equal(head, append(bytes.Clone(magic), moduleVersion...)) {
		s.fail(ErrInvalid, "a nested core module begins with % x", head)
	}
	m := &module{bytes: s.data, exports: map[string]item{}}
	for s.more() {
		id, content := s.section()
		if s.err != nil {
			break
		}
		switch id {
		case moduleType:
			m.parseTypes(&content)
		case moduleImport:
			m.parseImports(&content)
		case moduleFunction:
			for range content.count("the functions") {
				m.funcs = append(m.funcs, content.u32("a function's type"))
			}
		case moduleMemory:
			for range content.count("the memories") {
				m.memories = append(m.memories, limits(&content))
			}
		case moduleGlobal:
			m.globals = content.count("the globals")
			continue // whose values nobody asks for
		case moduleExport:
			for range content.count("the exports") {
				name := content.name("an export's name")
				m.exports[name] = item{content.u8("an export"), content.u32("an export")}
			}
		default:
			continue
		}
		content.end()
		s.err = content.err
	}
	return m, s.err
}

func (m *module) parseTypes(s *scanner) {
	for range s.count("the types") {
		if form := s.u8("a type"); s.err == nil && form != formFunc {
			s.fail(ErrInvalid, "type %d has the form %#x, which this host does not know", len(m.types), form)
		}
		t := funcType{onlyI32: true}
		read := func(what string) int {
			n := s.count(what)
			for range n {
				if s.u8(what) != valI32 {
					t.onlyI32 = false
				}
			}
			return n
		}
		t.params = read("a type's parameters")
		t.results = read("a type's results")
		m.types = append(m.types, t)
	}
}

func (m *module) parseImports(s *scanner) {
	for range s.count("the imports") {
		i := coreImport{module: s.name("an import's module"), name: s.name("an import's name"), kind: s.u8("an import")}
		switch i.kind {
		case kindFunc:
			i.typ = s.u32("an import's type")
			m.funcs = append(m.funcs, i.typ)
		case kindTable:
			s.u8("an import's type")
			limits(s)
		case kindMemory:
			m.memories = append(m.memories, limits(s))
		case kindGlobal:
			s.u8("an import's type")
			s.u8("an import's mutability")
		default:
			s.fail(ErrInvalid, "import %q is of kind %d", i.name, i.kind)
		}
		m.imports = append(m.imports, i)
	}
}

func limits(s *scanner) memoryType {
	const what, hasMax = "limits", 1
	t := memoryType{flags: s.u8(what)}
	t.minPages = s.u64(what)
	if t.flags&hasMax != 0 {
		s.u64(what)
	}
	return t
}

// check holds the module against the contract.
func (m *module) check() (*Core, error) {
	for _, i := range m.imports {
		want, ok := tableFunctions[i.name]
		if i.module != contract.ResourceModule || !ok || i.kind != kindFunc {
			return nil, fmt.Errorf("%w: its core module wants %q of %q; the plugin must import nothing", ErrImports, i.name, i.module)
		}
		if got, ok := m.typeAt(i.typ); !ok || got != want {
			return nil, fmt.Errorf("%w: its core module imports %q with another type", ErrInvalid, i.name)
		}
	}
	for _, f := range contract.Funcs {
		e, ok := m.exports[f.Name]
		if !ok && f.Optional {
			continue
		}
		if !ok || e.kind != kindFunc {
			return nil, fmt.Errorf("%w: its core module does not export the function %q", ErrWorld, f.Name)
		}
		want := funcType{f.Params, f.Results, true}
		if got, ok := m.funcAt(e.index); !ok || got != want {
			return nil, fmt.Errorf("%w: its core module exports %q with another type than i32 × %d → i32 × %d", ErrWorld, f.Name, f.Params, f.Results)
		}
	}
	e, ok := m.exports[contract.Memory]
	if !ok || e.kind != kindMemory || e.index != 0 || len(m.memories) != 1 || m.memories[0].flags > 1 {
		return nil, fmt.Errorf("%w: its core module must export its only memory, of 32 bits, as %q", ErrInvalid, contract.Memory)
	}
	const maxPages = 1 << 16
	if pages := m.memories[0].minPages; pages > maxPages {
		return nil, fmt.Errorf("%w: its core module's memory begins with %d pages", ErrInvalid, pages)
	}
	return &Core{
		Bytes:       m.bytes,
		MemoryBytes: m.memories[0].minPages * pageSize,
		Types:       len(m.types),
		Funcs:       len(m.funcs),
		Globals:     m.globals,
	}, nil
}

var tableFunctions = map[string]funcType{
	contract.ResourceNew:  {1, 1, true},
	contract.ResourceRep:  {1, 1, true},
	contract.ResourceDrop: {1, 0, true},
}

func (m *module) typeAt(index uint32) (funcType, bool) {
	if uint64(index) >= uint64(len(m.types)) {
		return funcType{}, false
	}
	return m.types[index], true
}

func (m *module) funcAt(index uint32) (funcType, bool) {
	if uint64(index) >= uint64(len(m.funcs)) {
		return funcType{}, false
	}
	return m.typeAt(m.funcs[index])
}
