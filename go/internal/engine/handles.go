package engine

import (
	"fmt"

	"github.com/ManuGH/xg2g-transcoder/go/internal/contract"
)

// Handles is the table of handles to one component's own resource (Component Model, CanonicalABI.md, "Table State"): it maps a
// handle to the representation that the component chose. A handle is never 0, and one that was removed is given out again.
type Handles struct {
	slots []slot
	free  []uint32
}

type slot struct {
	rep   uint32
	taken bool
}

// maxHandles bounds what a plugin can make its host keep. One instance has one session, so a handful would do.
const maxHandles = 1 << 10

// HandleError says that the plugin used its handle table wrongly.
type HandleError struct {
	// Func is the function of the table.
	Func string
	// Handle is what was passed.
	Handle uint32
	// Reason says what is wrong with it.
	Reason string
}

func (e *HandleError) Error() string {
	return fmt.Sprintf("%s(%d): %s", e.Func, e.Handle, e.Reason)
}

// New is resource.new.
func (h *Handles) New(rep uint32) (uint32, error) {
	if n := len(h.free); n > 0 {
		handle := h.free[n-1]
		h.free = h.free[:n-1]
		h.slots[handle-1] = slot{rep, true}
		return handle, nil
	}
	if len(h.slots) == maxHandles {
		return 0, &HandleError{contract.ResourceNew, rep, fmt.Sprintf("%d handles are the most", maxHandles)}
	}
	h.slots = append(h.slots, slot{rep, true})
	return uint32(len(h.slots)), nil
}

// Rep is resource.rep.
func (h *Handles) Rep(handle uint32) (uint32, error) {
	s, err := h.find(contract.ResourceRep, handle)
	if err != nil {
		return 0, err
	}
	return s.rep, nil
}

// Remove is what resource.drop, and passing an owned handle to the host, do to the table.
func (h *Handles) Remove(handle uint32) (rep uint32, err error) {
	s, err := h.find(contract.ResourceDrop, handle)
	if err != nil {
		return 0, err
	}
	s.taken = false
	h.free = append(h.free, handle)
	return s.rep, nil
}

func (h *Handles) find(function string, handle uint32) (*slot, error) {
	if handle == 0 || uint64(handle) > uint64(len(h.slots)) || !h.slots[handle-1].taken {
		return nil, &HandleError{function, handle, "no such handle"}
	}
	return &h.slots[handle-1], nil
}
