// Package instrument rewrites the plugin's core module so that its host learns two things that the engines do not tell, or tell
// at too high a price:
//
//   - Memory that was refused. Neither engine says that it refused memory.grow: the plugin would see an allocation fail and give
//     up by the instruction unreachable, as it does for a bug. Each memory.grow becomes a call of a function that notes the
//     refusal and traps at once.
//   - The end of a call, on wazero. Its own way to end a call leaves the machine code for Go at every turn of every loop, which
//     makes the plugin five times as slow. Each loop and each function counts down instead, and looks at a flag that the host
//     can raise every few thousand turns.
//
// And the start function, if there is one, becomes an export, so that the host can call it under its deadline.
//
// What is added stands behind what was there, so that nothing is numbered anew: two types, two functions, three globals.
package instrument

import (
	"encoding/binary"
	"fmt"

	"github.com/ManuGH/xg2g-transcoder/go/internal/component"
	"github.com/ManuGH/xg2g-transcoder/go/internal/contract"
)

// The globals that are added, as exports. Both are i32, and 0 at first.
const (
	// Refused is 1 once memory was refused.
	Refused = "xg2g:refused"
	// Stop is for the host to set to 1, upon which the plugin traps.
	Stop = "xg2g:stop"
)

// turns is how many loops and calls the plugin makes before it looks at the flag again: tens of microseconds.
const turns = 1 << 13

// The sections that are changed, and the one that must be there before which globals go.
const (
	sectionType     = 1
	sectionFunction = 3
	sectionGlobal   = 6
	sectionExport   = 7
	sectionStart    = 8
	sectionCode     = 10
)

const headerSize = 8

// rewriter holds the numbers of what is added.
type rewriter struct {
	core                   *component.Core
	poll                   bool
	pollType, growType     uint64
	pollFunc, growFunc     uint64
	countdown              uint64
	stop, refused          uint64
	globalsAdded, startSet bool
	start                  uint64
	out                    []byte
}

// Module returns the core module rewritten; poll says whether it shall look at the flag [Stop].
func Module(core *component.Core, poll bool) ([]byte, error) {
	r := &rewriter{
		core: core, poll: poll,
		pollType: uint64(core.Types), growType: uint64(core.Types) + 1,
		pollFunc: uint64(core.Funcs), growFunc: uint64(core.Funcs) + 1,
		countdown: uint64(core.Globals), stop: uint64(core.Globals) + 1, refused: uint64(core.Globals) + 2,
		out: append(make([]byte, 0, len(core.Bytes)+len(core.Bytes)/8), core.Bytes[:headerSize]...),
	}
	// The start is told after the exports, where it has to go.
	sections, err := split(core.Bytes[headerSize:])
	if err != nil {
		return nil, err
	}
	for _, s := range sections {
		if s.id == sectionStart {
			start, n := binary.Uvarint(s.content)
			if n <= 0 {
				return nil, fmt.Errorf("the start section is empty")
			}
			r.start, r.startSet = start, true
		}
	}
	for _, s := range sections {
		if err := r.section(s); err != nil {
			return nil, err
		}
	}
	return r.out, nil
}

type section struct {
	id      byte
	content []byte
}

func split(data []byte) (sections []section, err error) {
	for len(data) > 0 {
		size, n := binary.Uvarint(data[1:])
		if n <= 0 || size > uint64(len(data)-1-n) {
			return nil, fmt.Errorf("a section runs over the module's end")
		}
		body := data[1+n:]
		sections = append(sections, section{data[0], body[:size]})
		data = body[size:]
	}
	return sections, nil
}

func (r *rewriter) section(s section) (err error) {
	content := s.content
	switch s.id {
	case sectionStart:
		return nil
	case sectionType: // () → () and (i32) → i32
		content, err = add(content, 2, []byte{0x60, 0, 0, 0x60, 1, 0x7f, 1, 0x7f})
	case sectionFunction:
		content, err = add(content, 2, leb(leb(nil, r.pollType), r.growType))
	case sectionGlobal:
		content, err = r.globals(content)
	case sectionExport:
		if !r.globalsAdded {
			none, err := r.globals([]byte{0})
			if err != nil {
				return err
			}
			r.write(sectionGlobal, none)
		}
		content, err = r.exports(content)
	case sectionCode:
		content, err = r.code(content)
	}
	if err == nil {
		r.write(s.id, content)
	}
	return err
}

func (r *rewriter) write(id byte, content []byte) {
	r.out = append(leb(append(r.out, id), uint64(len(content))), content...)
}

func (r *rewriter) globals(content []byte) ([]byte, error) {
	r.globalsAdded = true
	variable := []byte{0x7f, 1, 0x41, 0, 0x0b} // mutable i32 of value 0
	return add(content, 3, append(append(append([]byte(nil), variable...), variable...), variable...))
}

func (r *rewriter) exports(content []byte) ([]byte, error) {
	const kindFunc, kindGlobal = 0, 3
	var more []byte
	count := 0
	export := func(name string, kind byte, index uint64) {
		more = append(append(leb(more, uint64(len(name))), name...), kind)
		more = leb(more, index)
		count++
	}
	export(Stop, kindGlobal, r.stop)
	export(Refused, kindGlobal, r.refused)
	if r.startSet {
		export(contract.Funcs[contract.Start].Name, kindFunc, r.start)
	}
	return add(content, count, more)
}

// code rewrites every function and adds two.
func (r *rewriter) code(content []byte) ([]byte, error) {
	count, n := binary.Uvarint(content)
	if n <= 0 {
		return nil, fmt.Errorf("the code section is empty")
	}
	rest := content[n:]
	out := leb(make([]byte, 0, len(content)+len(content)/8), count+2)
	for index := range count {
		size, n := binary.Uvarint(rest)
		if n <= 0 || size > uint64(len(rest)-n) {
			return nil, fmt.Errorf("the code of function %d runs over the section's end", index)
		}
		body, err := r.function(rest[n:][:size])
		if err != nil {
			return nil, fmt.Errorf("defined function %d: %w", index, err)
		}
		out = append(leb(out, uint64(len(body))), body...)
		rest = rest[n:][size:]
	}
	for _, body := range [][]byte{r.pollBody(), r.growBody()} {
		out = append(leb(out, uint64(len(body))), body...)
	}
	return append(out, rest...), nil
}

func (r *rewriter) function(body []byte) ([]byte, error) {
	w := walker{code: body}
	groups, err := w.leb()
	if err == nil {
		err = w.lebs(2 * groups) // how many locals, and their type
	}
	if err != nil {
		return nil, err
	}
	out := append(make([]byte, 0, len(body)+len(body)/8), body[:w.at]...)
	out = r.turn(out)
	for w.more() {
		start := w.at
		op, err := w.next()
		if err != nil {
			return nil, err
		}
		if op == opMemoryGrow {
			out = leb(append(out, 0x10), r.growFunc) // call
			continue
		}
		out = append(out, body[start:w.at]...)
		if op == opLoop {
			out = r.turn(out)
		}
	}
	return out, nil
}

// turn is what stands at the head of each loop and function:
//
//	(if (i32.eqz (global.get $countdown)) (then (call $poll)))
//	(global.set $countdown (i32.sub (global.get $countdown) (i32.const 1)))
func (r *rewriter) turn(out []byte) []byte {
	if !r.poll {
		return out
	}
	out = leb(append(out, 0x23), r.countdown)
	out = leb(append(out, 0x45, 0x04, 0x40, 0x10), r.pollFunc)
	out = leb(append(out, 0x0b, 0x23), r.countdown)
	return leb(append(out, 0x41, 1, 0x6b, 0x24), r.countdown)
}

// pollBody is a function of its own because engines may keep a global in a register as long as no call comes in between:
//
//	(drop (memory.grow (i32.const 0)))
//	(if (global.get $stop) (then (unreachable)))
//	(global.set $countdown (i32.const turns))
//
// Growing by nothing makes wazero leave the machine code for Go, and nothing else. Go cannot interrupt machine code that it did
// not make: when it wants to collect garbage it would wait for the plugin, and all the while nobody could raise the flag.
func (r *rewriter) pollBody() []byte {
	out := leb([]byte{0, 0x41, 0, opMemoryGrow, 0, 0x1a, 0x23}, r.stop)
	out = append(out, 0x04, 0x40, 0x00, 0x0b, 0x41)
	out = positive(out, turns)
	return append(leb(append(out, 0x24), r.countdown), 0x0b)
}

// growBody:
//
//	(if (i32.eq (local.tee 0 (memory.grow (local.get 0))) (i32.const -1))
//	  (then (global.set $refused (i32.const 1)) (unreachable)))
//	(local.get 0)
func (r *rewriter) growBody() []byte {
	out := []byte{0, 0x20, 0, 0x40, 0, 0x22, 0, 0x41, 0x7f, 0x46, 0x04, 0x40, 0x41, 1, 0x24}
	return append(leb(out, r.refused), 0x00, 0x0b, 0x20, 0, 0x0b)
}

// add puts items behind those of a vector.
func add(vector []byte, count int, items []byte) ([]byte, error) {
	have, n := binary.Uvarint(vector)
	if n <= 0 {
		return nil, fmt.Errorf("a section is empty")
	}
	out := leb(make([]byte, 0, len(vector)+len(items)+1), have+uint64(count))
	return append(append(out, vector[n:]...), items...), nil
}

// positive writes a number that is not negative as a signed LEB128, in whose last byte bit 6 is the sign.
func positive(out []byte, v uint64) []byte {
	out = leb(out, v)
	if last := len(out) - 1; out[last]&0x40 != 0 {
		out[last] |= 0x80
		out = append(out, 0)
	}
	return out
}

func leb(out []byte, v uint64) []byte { return binary.AppendUvarint(out, v) }
