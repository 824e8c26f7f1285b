// Package canonical reads and lays out values in linear memory as the Component Model's canonical ABI has them
// (design/mvp/CanonicalABI.md, "Alignment", "Element Size", "Loading", "Storing").
//
// What is read comes from a sandbox that may lie: every pointer, length and discriminant is checked, and what one call can make
// its host copy is bounded.
package canonical

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// Lifter reads the values that one call returned. After its first error it reads zeros.
type Lifter struct {
	memory []byte
	// budget is how many bytes may still be copied. Without it a few bytes of memory, listed often enough, would ask for any
	// amount of the host's.
	budget int
	err    error
}

// NewLifter reads from memory. What is copied out of it in all is bounded by its size.
func NewLifter(memory []byte) *Lifter {
	return &Lifter{memory: memory, budget: len(memory)}
}

// Err is the first thing that was wrong.
func (l *Lifter) Err() error { return l.err }

// Fail notes that something is wrong.
func (l *Lifter) Fail(format string, args ...any) {
	if l.err == nil {
		l.err = fmt.Errorf(format, args...)
	}
}

// Bytes is a view of length bytes at pointer.
func (l *Lifter) Bytes(pointer, length uint32, what string) []byte {
	if l.err != nil {
		return nil
	}
	if uint64(pointer)+uint64(length) > uint64(len(l.memory)) {
		l.Fail("%s of %d bytes at %#x is outside the memory of %d bytes", what, length, pointer, len(l.memory))
		return nil
	}
	return l.memory[pointer : uint64(pointer)+uint64(length)]
}

// spend takes bytes that are about to be copied off the budget.
func (l *Lifter) spend(n int) {
	if l.budget -= n; l.budget < 0 {
		l.Fail("the answer refers to more than %d bytes, the whole memory", len(l.memory))
	}
}

// Fields reads the fields of a record, one after the other, each at its own alignment.
type Fields struct {
	*Lifter
	at uint64
}

// Record reads a record, or whatever has fields, at pointer. Its alignment and size are those of the whole.
func (l *Lifter) Record(pointer, alignment, size uint32, what string) Fields {
	if l.err == nil && pointer%alignment != 0 {
		l.Fail("%s at %#x is not aligned to %d bytes", what, pointer, alignment)
	}
	l.Bytes(pointer, size, what)
	return Fields{l, uint64(pointer)}
}

// next is the field of size bytes, which are its alignment too.
func (f *Fields) next(size uint64) []byte {
	f.at = align(f.at, size)
	if f.err != nil || f.at+size > uint64(len(f.memory)) {
		f.Fail("a field at %#x is outside the memory of %d bytes", f.at, len(f.memory))
		return make([]byte, size)
	}
	field := f.memory[f.at : f.at+size]
	f.at += size
	return field
}

func align(at, alignment uint64) uint64 { return (at + alignment - 1) &^ (alignment - 1) }

// Align moves on to the next multiple of alignment: what stands before and after the payload of a variant.
func (f *Fields) Align(alignment uint64) { f.at = align(f.at, alignment) }

// U8 reads a field of one byte.
func (f *Fields) U8() uint8 { return f.next(1)[0] }

// U16 reads a field of two bytes.
func (f *Fields) U16() uint16 { return binary.LittleEndian.Uint16(f.next(2)) }

// U32 reads a field of four bytes.
func (f *Fields) U32() uint32 { return binary.LittleEndian.Uint32(f.next(4)) }

// U64 reads a field of eight bytes.
func (f *Fields) U64() uint64 { return binary.LittleEndian.Uint64(f.next(8)) }

// S64 reads a signed field of eight bytes.
func (f *Fields) S64() int64 { return int64(f.U64()) }

// Discriminant reads the case of a variant with at most 256 cases; what is not one of them is an error.
func (f *Fields) Discriminant(cases uint8, what string) uint8 {
	d := f.U8()
	if d >= cases {
		f.Fail("%s has case %d of %d", what, d, cases)
		return 0
	}
	return d
}

// String reads a string.
func (f *Fields) String() string {
	pointer := f.U32()
	length := f.U32()
	b := f.Bytes(pointer, length, "a string")
	if !utf8.Valid(b) {
		f.Fail("a string at %#x is not UTF-8", pointer)
		return ""
	}
	f.spend(len(b))
	if f.err != nil {
		return ""
	}
	return string(b)
}

// OptionU16 reads an option<u16>; 0 for none.
func (f *Fields) OptionU16() uint16 {
	some := f.option(2)
	if v := f.U16(); some {
		return v
	}
	return 0
}

// OptionU32 reads an option<u32>; 0 for none.
func (f *Fields) OptionU32() uint32 {
	some := f.option(4)
	if v := f.U32(); some {
		return v
	}
	return 0
}

// OptionString reads an option<string>; empty for none. What lies where a string that is not there would be has no meaning.
func (f *Fields) OptionString() string {
	const pointerAndLength = 8
	if f.option(4) {
		return f.String()
	}
	f.at += pointerAndLength
	return ""
}

// option reads the discriminant of an option whose payload has this alignment, and moves on to the payload.
func (f *Fields) option(alignment uint64) bool {
	f.Align(alignment)
	some := f.Discriminant(2, "an option") == 1
	f.Align(alignment)
	return some
}

// List reads a list whose elements have this alignment and size, and returns a function that reads the next of count.
func (f *Fields) List(alignment, size uint32, what string) (count int, element func() Fields) {
	pointer := f.U32()
	length := f.U32()
	if total := uint64(length) * uint64(size); f.err == nil && total > uint64(len(f.memory)) {
		f.Fail("a list of %d × %s is larger than the memory of %d bytes", length, what, len(f.memory))
	}
	if f.err != nil {
		return 0, nil
	}
	f.Record(pointer, alignment, length*size, "a list of "+what)
	f.spend(int(length * size))
	if f.err != nil {
		return 0, nil
	}
	next := pointer
	return int(length), func() Fields {
		record := f.Record(next, alignment, size, what)
		next += size
		return record
	}
}
