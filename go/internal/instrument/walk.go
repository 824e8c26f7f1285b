package instrument

import "fmt"

// The instructions that are changed.
const (
	opLoop       = 0x03
	opMemoryGrow = 0x40
)

// walker goes through the instructions of a function (WebAssembly Core 2.0 §5.4), only to know where each ends.
type walker struct {
	code []byte
	at   int
}

func (w *walker) more() bool { return w.at < len(w.code) }

func (w *walker) skip(n int) error {
	if n < 0 || n > len(w.code)-w.at {
		return fmt.Errorf("an instruction runs over the function's end")
	}
	w.at += n
	return nil
}

// leb reads a LEB128 number. What is beyond 32 bits has no meaning where the number is used.
func (w *walker) leb() (uint32, error) {
	var v uint32
	for shift := 0; ; shift += 7 {
		if !w.more() || shift > 63 {
			return 0, fmt.Errorf("a number runs over its end")
		}
		b := w.code[w.at]
		w.at++
		v |= uint32(b&0x7f) << min(shift, 63)
		if b&0x80 == 0 {
			return v, nil
		}
	}
}

func (w *walker) lebs(n uint32) error {
	for range n {
		if _, err := w.leb(); err != nil {
			return err
		}
	}
	return nil
}

// next goes over one instruction and returns its first byte.
func (w *walker) next() (op byte, err error) {
	op = w.code[w.at]
	w.at++
	switch {
	case op == 0x0e: // br_table: labels and the default
		n, err := w.leb()
		if err == nil {
			err = w.lebs(n)
		}
		if err == nil {
			err = w.lebs(1)
		}
		return op, err
	case op == 0x1c: // select with types
		n, err := w.leb()
		if err == nil {
			err = w.lebs(n)
		}
		return op, err
	case op == 0xfc:
		return op, w.nextMisc()
	case op == 0xfd:
		return op, w.nextVector()
	case op == 0x43: // f32.const
		return op, w.skip(4)
	case op == 0x44: // f64.const
		return op, w.skip(8)
	case op <= 0x01, op == 0x05, op == 0x0b, op == 0x0f, op == 0x1a, op == 0x1b, op >= 0x45 && op <= 0xc4, op == 0xd1:
		return op, nil
	case op >= 0x02 && op <= 0x04, op == 0x0c, op == 0x0d, op == 0x10, op >= 0x20 && op <= 0x26, op == 0x3f, op == 0x40,
		op == 0x41, op == 0x42, op == 0xd0, op == 0xd2:
		return op, w.lebs(1)
	case op == 0x11, op >= 0x28 && op <= 0x3e: // call_indirect; loads and stores: alignment and offset
		return op, w.lebs(2)
	}
	return op, fmt.Errorf("instruction %#x is unknown", op)
}

// nextMisc goes over what follows the prefix 0xfc: saturating conversions, and operations on whole stretches of memory or tables.
func (w *walker) nextMisc() error {
	op, err := w.leb()
	switch {
	case err != nil:
		return err
	case op <= 7:
		return nil
	case op == 8, op == 10, op == 12, op == 14:
		return w.lebs(2)
	case op <= 17:
		return w.lebs(1)
	}
	return fmt.Errorf("instruction 0xfc %d is unknown", op)
}

// nextVector goes over what follows the prefix 0xfd: vectors of 128 bits.
func (w *walker) nextVector() error {
	const vectorBytes, laneBytes = 16, 1
	op, err := w.leb()
	switch {
	case err != nil:
		return err
	case op <= 11, op == 92, op == 93: // loads and stores
		return w.lebs(2)
	case op == 12, op == 13: // v128.const, i8x16.shuffle
		return w.skip(vectorBytes)
	case op >= 21 && op <= 34: // lanes
		return w.skip(laneBytes)
	case op >= 84 && op <= 91: // loads and stores of a lane
		if err := w.lebs(2); err != nil {
			return err
		}
		return w.skip(laneBytes)
	case op <= 255:
		return nil
	}
	return fmt.Errorf("instruction 0xfd %d is unknown", op)
}
