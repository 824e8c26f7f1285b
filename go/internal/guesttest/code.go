package guesttest

import "encoding/binary"

// Code is the body of a function, without its locals and its end.
type Code []byte

// Op puts instructions one after the other.
func Op(parts ...Code) Code {
	var all Code
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}

// Instructions without an immediate (WebAssembly Core 2.0 §5.4), and those whose immediate is always the same here.
var (
	Unreachable = Code{0x00}
	Return      = Code{0x0f}
	Drop        = Code{0x1a}
	Add         = Code{0x6a}
	Sub         = Code{0x6b}
	DivU        = Code{0x6e}
	And         = Code{0x71}
	ShrU        = Code{0x76}
	GtU         = Code{0x4b}
	Eq          = Code{0x46}
	MemorySize  = Code{0x3f, 0x00}
	MemoryGrow  = Code{0x40, 0x00}
	Load        = Code{0x28, 0x02, 0x00}
)

// Const is i32.const.
func Const(v uint32) Code { return append(Code{0x41}, sleb(int32(v))...) }

// Get is local.get.
func Get(local byte) Code { return Code{0x20, local} }

// Call is call.
func Call(index int) Code { return append(Code{0x10}, uleb(uint64(index))...) }

// GlobalGet is global.get.
func GlobalGet(index byte) Code { return Code{0x23, index} }

// GlobalSet is global.set.
func GlobalSet(index byte) Code { return Code{0x24, index} }

// Store is i32.store of a value at an address.
func Store(address uint32, value Code) Code { return StoreAt(Const(address), value) }

// StoreAt is i32.store at an address that is computed.
func StoreAt(address, value Code) Code { return Op(address, value, Code{0x36, 0x02, 0x00}) }

// If runs then where the condition is not 0.
func If(condition, then Code) Code { return Op(condition, Code{0x04, 0x40}, then, Code{0x0b}) }

// Loop runs body for ever.
func Loop(body Code) Code { return Op(Code{0x03, 0x40}, body, Code{0x0c, 0x00, 0x0b}, Unreachable) }

func uleb(v uint64) []byte { return binary.AppendUvarint(nil, v) }

func sleb(v int32) []byte {
	var out []byte
	for {
		b := byte(v & 0x7f)
		v >>= 7
		if v == 0 && b&0x40 == 0 || v == -1 && b&0x40 != 0 {
			return append(out, b)
		}
		out = append(out, b|0x80)
	}
}

func vector(count int, items []byte) []byte { return append(uleb(uint64(count)), items...) }

func text(s string) []byte { return append(uleb(uint64(len(s))), s...) }

func section(id byte, content []byte) []byte {
	return append(append([]byte{id}, uleb(uint64(len(content)))...), content...)
}

// i32s is a vector of n times the type i32.
func i32s(n int) []byte {
	out := uleb(uint64(n))
	for range n {
		out = append(out, 0x7f)
	}
	return out
}
