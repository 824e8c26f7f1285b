// Package ffi is the wrapper that a Go server keeps around the C ABI. It is here to be tested, and to be copied.
package ffi

/*
#cgo CFLAGS: -I${SRCDIR}/../../include
#cgo LDFLAGS: -lxg2g_transcoder
#include "xg2g_transcoder.h"
*/
import "C"

import (
	"errors"
	"runtime"
	"sync"
	"unsafe"
)

// ErrClosed is what a remuxer that was closed answers.
var ErrClosed = errors.New("remuxer is closed")

// Remuxer transcodes the sound of one stream. It is safe for concurrent use.
type Remuxer struct {
	mutex  sync.RWMutex
	handle unsafe.Pointer
}

// New makes a remuxer; 0 means the default of each.
func New(sampleRate, channels, bitrate int) (*Remuxer, error) {
	// The last error belongs to the thread, and a goroutine stays on its own only when it says so.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	handle := C.xg2g_audio_remux_init(C.int(sampleRate), C.int(channels), C.int(bitrate))
	if handle == nil {
		return nil, lastError()
	}
	return &Remuxer{handle: handle}, nil
}

// Process takes the next bytes of the stream and returns the packets that are ready.
func (r *Remuxer) Process(input []byte) ([]byte, error) {
	return r.call(4*len(input), func(handle unsafe.Pointer, output *C.uint8_t, capacity C.size_t) C.int {
		return C.xg2g_audio_remux_process(handle, pointer(input), C.size_t(len(input)), output, capacity)
	})
}

// Flush says that the stream ends and returns what was waiting.
func (r *Remuxer) Flush() ([]byte, error) {
	var all []byte
	for {
		some, err := r.call(64<<10, func(handle unsafe.Pointer, output *C.uint8_t, capacity C.size_t) C.int {
			return C.xg2g_audio_remux_flush(handle, output, capacity)
		})
		if err != nil || len(some) == 0 {
			return all, err
		}
		all = append(all, some...)
	}
}

// Close frees the remuxer. It may be called again.
func (r *Remuxer) Close() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	C.xg2g_audio_remux_free(r.handle)
	r.handle = nil
}

func (r *Remuxer) call(capacity int, function func(unsafe.Pointer, *C.uint8_t, C.size_t) C.int) ([]byte, error) {
	// For reading: calls on one handle are put in order by the library.
	r.mutex.RLock()
	defer r.mutex.RUnlock()
	if r.handle == nil {
		return nil, ErrClosed
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	output := make([]byte, capacity)
	written := function(r.handle, pointer(output), C.size_t(capacity))
	if written < 0 {
		return nil, lastError()
	}
	return output[:written], nil
}

func pointer(bytes []byte) *C.uint8_t {
	return (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(bytes)))
}

// lastError must run on the thread that failed.
func lastError() error {
	text := C.xg2g_last_error()
	if text == nil {
		return errors.New("failed without a reason")
	}
	defer C.xg2g_free_string(text)
	return errors.New(C.GoString(text))
}
