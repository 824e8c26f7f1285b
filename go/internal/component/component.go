// Package component takes the core module out of the plugin's component file.
//
// A component that imports nothing and exports one interface is a wrapper: types, aliases and lifts around one core module,
// beside which there may be small shims. The package checks that a file is such a component of this contract's world and
// hands out the core module with which a host that knows the canonical ABI can speak directly.
//
// The layout is that of the Component Model's design/mvp/Binary.md; inside a core module it is WebAssembly Core 2.0 §5.5.
package component

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/ManuGH/xg2g-transcoder/go/internal/contract"
)

// Why a file cannot be loaded.
var (
	ErrNotComponent = errors.New("not a WebAssembly component")
	ErrCoreModule   = errors.New("a WebAssembly core module, not a component")
	ErrTruncated    = errors.New("truncated component")
	ErrInvalid      = errors.New("invalid component")
	ErrWorld        = errors.New("component of another world")
	ErrVersion      = errors.New("component of another version of the contract")
	ErrImports      = errors.New("component with imports")
)

// The sections of a component that matter here.
const (
	sectionCustom     = 0
	sectionCoreModule = 1
	sectionImport     = 10
	sectionExport     = 11
	sectionLast       = 12
)

// sortInstance is the sort of an exported instance, sortCore the prefix of core sorts.
const (
	sortCore     = 0
	sortInstance = 5
)

const headerSize = 8

var (
	magic            = []byte("\x00asm")
	componentVersion = []byte{0x0d, 0x00, 0x01, 0x00}
	moduleVersion    = []byte{0x01, 0x00, 0x00, 0x00}
)

// Parse checks that file is a component of the contract's world that imports nothing, and returns its core module.
func Parse(file []byte) (*Core, error) {
	if err := checkHeader(file); err != nil {
		return nil, err
	}
	s := scanner{data: file, at: headerSize}
	var modules []scanner
	var exports []export
	for s.more() {
		id, content := s.section()
		switch {
		case s.err != nil:
		case id > sectionLast:
			s.fail(ErrInvalid, "section %d is unknown", id)
		case id == sectionCoreModule:
			modules = append(modules, content)
		case id == sectionImport:
			if count := content.count("the imports"); count > 0 {
				name := externName(&content, "an import's name")
				content.fail(ErrImports, "it wants %d things of its host, the first is %q; the plugin must import nothing", count, name)
			}
			s.err = content.err
		case id == sectionExport:
			exports = append(exports, parseExports(&content)...)
			s.err = content.err
		}
	}
	if s.err != nil {
		return nil, s.err
	}
	if err := checkWorld(exports); err != nil {
		return nil, err
	}
	return findCore(modules)
}

func checkHeader(file []byte) error {
	head := file[:min(len(file), headerSize)]
	version := head[min(len(head), len(magic)):]
	switch {
	case len(file) == 0:
		return fmt.Errorf("%w: the file is empty", ErrNotComponent)
	case !bytes.HasPrefix(magic, head[:min(len(head), len(magic))]):
		return fmt.Errorf("%w: it begins with %q, not with %q", ErrNotComponent, head[:min(len(head), len(magic))], magic)
	case len(file) < headerSize:
		return fmt.Errorf("%w: the file ends inside the header, after %d bytes", ErrTruncated, len(file))
	case bytes.Equal(version, moduleVersion):
		return fmt.Errorf("%w; wrap it with `wasm-tools component new`", ErrCoreModule)
	case !bytes.Equal(version, componentVersion):
		return fmt.Errorf("%w: version and layer are % x, not % x", ErrNotComponent, version, componentVersion)
	}
	return nil
}

// export is one of the component's.
type export struct {
	name string
	sort byte
}

func parseExports(s *scanner) []export {
	var exports []export
	for range s.count("the exports") {
		name := externName(s, "an export's name")
		sort := s.u8("an export's sort")
		if sort == sortCore {
			s.u8("an export's core sort")
		}
		s.u32("an export's index")
		if s.u8("an export's type") == 1 {
			externDesc(s)
		}
		exports = append(exports, export{name, sort})
	}
	s.end()
	return exports
}

// externName reads importname' or exportname'.
func externName(s *scanner, what string) string {
	kind := s.u8(what)
	name := s.name(what)
	switch kind {
	case 0, 1:
	case 2: // with a version's suffix
		s.name(what)
	default:
		s.fail(ErrInvalid, "%s is of kind %d", what, kind)
	}
	return name
}

// externDesc reads over the type that an export may state.
func externDesc(s *scanner) {
	const what = "an export's type"
	switch kind := s.u8(what); kind {
	case 0: // core module
		s.u8(what)
		s.u32(what)
	case 1, 4, 5: // function, component, instance
		s.u32(what)
	case 2: // value: equal to another or of a type
		s.u8(what)
		s.u32(what)
	case 3: // type: equal to another or a fresh resource
		if s.u8(what) == 0 {
			s.u32(what)
		}
	default:
		s.fail(ErrInvalid, "%s is of kind %d", what, kind)
	}
}

// checkWorld looks for the contract's interface among the exports.
func checkWorld(exports []export) error {
	var names []string
	for _, e := range exports {
		names = append(names, e.name)
		if e.name == contract.Interface && e.sort == sortInstance {
			return nil
		}
	}
	for _, e := range exports {
		name, version, _ := strings.Cut(e.name, "@")
		if name == contract.Name && version != contract.Version {
			return fmt.Errorf("%w: it exports %s, this program speaks %s; take the plugin of this program's release", ErrVersion, e.name, contract.Interface)
		}
	}
	if len(names) == 0 {
		return fmt.Errorf("%w: it exports nothing, not %s; was the file cut?", ErrWorld, contract.Interface)
	}
	return fmt.Errorf("%w: it exports %s, not %s", ErrWorld, strings.Join(names, ", "), contract.Interface)
}

// findCore returns the one module that exports the contract's functions.
func findCore(modules []scanner) (*Core, error) {
	var core *Core
	for i := range modules {
		m, err := parseModule(modules[i])
		if err != nil {
			return nil, err
		}
		if _, ok := m.exports[contract.Funcs[contract.Open].Name]; !ok {
			continue
		}
		if core != nil {
			return nil, fmt.Errorf("%w: two core modules export %s", ErrInvalid, contract.Interface)
		}
		if core, err = m.check(); err != nil {
			return nil, err
		}
	}
	if core == nil {
		return nil, fmt.Errorf("%w: no core module exports the functions of %s; was the component composed? Take transcoder.wasm itself", ErrWorld, contract.Interface)
	}
	return core, nil
}
