package transcoder

import (
	"context"
	"errors"
	"strings"

	"github.com/ianlancetaylor/demangle"
)

// symbols makes names that people read of those that the linker wrote (Rust's and C++'s), and picks the innermost that is the
// plugin's own.
func symbols(frames []string) (backtrace []string, function string) {
	for _, frame := range frames {
		name := demangle.Filter(frame, demangle.NoClones)
		// Rust's older mangling ends in a hash.
		if at := strings.LastIndex(name, "::h"); at > 0 && len(name)-at == len("::h0123456789abcdef") {
			name = name[:at]
		}
		backtrace = append(backtrace, name)
		if function == "" && !isPanicMachinery(name) {
			function = name
		}
	}
	return backtrace, function
}

// isPanicMachinery says whether a function is what Rust runs between a panic, or a failed allocation, and the trap.
func isPanicMachinery(name string) bool {
	name = strings.TrimLeft(name, "<")
	for _, prefix := range []string{"core::", "std::", "alloc::", "__rust", "rust_", "__rustc::", "abort", "dlmalloc::"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

func isContext(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
