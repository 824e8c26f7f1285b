package component

import (
	"fmt"
	"unicode/utf8"
)

// scanner reads a WebAssembly binary from the front and remembers the first error, after which it reads zeros.
type scanner struct {
	data []byte
	at   int
	// base is the offset of data in the file, for messages.
	base int
	// within is set inside a section: its end is not the file's, so running over it is not a truncated file.
	within bool
	err    error
}

func (s *scanner) fail(kind error, format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf("%w: byte %d: %s", kind, s.base+s.at, fmt.Sprintf(format, args...))
	}
}

func (s *scanner) more() bool { return s.err == nil && s.at < len(s.data) }

func (s *scanner) short(what string) {
	if s.within {
		s.fail(ErrInvalid, "the section ends inside %s", what)
	} else {
		s.fail(ErrTruncated, "the file ends inside %s", what)
	}
}

func (s *scanner) u8(what string) byte {
	if s.err != nil {
		return 0
	}
	if s.at >= len(s.data) {
		s.short(what)
		return 0
	}
	b := s.data[s.at]
	s.at++
	return b
}

// u32 reads an unsigned LEB128 number of at most 32 bits (WebAssembly Core 2.0 §5.2.2).
func (s *scanner) u32(what string) uint32 {
	v := s.leb(what, 32)
	return uint32(v)
}

func (s *scanner) u64(what string) uint64 { return s.leb(what, 64) }

func (s *scanner) leb(what string, bits uint) uint64 {
	var v uint64
	for shift := uint(0); ; shift += 7 {
		b := s.u8(what)
		if s.err != nil {
			return 0
		}
		if left := bits - shift; left < 7 && b>>left != 0 {
			s.fail(ErrInvalid, "%s does not fit into %d bits", what, bits)
			return 0
		}
		v |= uint64(b&0x7f) << shift
		if b&0x80 == 0 {
			return v
		}
	}
}

// count reads how many elements follow. Each takes at least one byte, so no more can follow than bytes are left.
func (s *scanner) count(what string) int {
	n := s.u32(what)
	if s.err == nil && uint64(n) > uint64(len(s.data)-s.at) {
		s.short(what)
		return 0
	}
	return int(n)
}

func (s *scanner) take(n uint32, what string) []byte {
	if s.err != nil {
		return nil
	}
	if uint64(n) > uint64(len(s.data)-s.at) {
		s.at = len(s.data)
		s.short(what)
		return nil
	}
	b := s.data[s.at : s.at+int(n)]
	s.at += int(n)
	return b
}

func (s *scanner) name(what string) string {
	b := s.take(s.u32(what), what)
	if !utf8.Valid(b) {
		s.fail(ErrInvalid, "%s is not UTF-8", what)
		return ""
	}
	return string(b)
}

// section reads the header of the next section and returns a scanner for its content.
func (s *scanner) section() (id byte, content scanner) {
	id = s.u8("a section's header")
	size := s.u32("a section's header")
	start := s.base + s.at
	data := s.take(size, "a section")
	return id, scanner{data: data, base: start, within: true, err: s.err}
}

// end says that the section must be at its end.
func (s *scanner) end() {
	if s.err == nil && s.at != len(s.data) {
		s.fail(ErrInvalid, "%d bytes follow the section's content", len(s.data)-s.at)
	}
}
