//go:build cgo && (linux || darwin || windows) && (amd64 || arm64)

package wasmtime

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"runtime"
)

// cacheFile is where the code of a module is kept; empty without a cache.
func cacheFile(dir string, core []byte) string {
	if dir == "" {
		return ""
	}
	sum := sha256.Sum256(core)
	return filepath.Join(dir, Name+"-"+runtime.GOOS+"-"+runtime.GOARCH+"-"+hex.EncodeToString(sum[:])+".cwasm")
}

// readCache reads code that writeCache wrote. Wasmtime trusts the code that it is given, so a file that was damaged must not
// come to it: a digest stands before the code. Whoever could change both could change this program as well.
func readCache(file string) ([]byte, bool) {
	if file == "" {
		return nil, false
	}
	data, err := os.ReadFile(file)
	if err != nil || len(data) < sha256.Size {
		return nil, false
	}
	digest, code := data[:sha256.Size], data[sha256.Size:]
	sum := sha256.Sum256(code)
	return code, bytes.Equal(sum[:], digest)
}

// writeCache keeps code. That it cannot is no error: the module is compiled again next time.
func writeCache(file string, code []byte) {
	temporary, err := os.CreateTemp(filepath.Dir(file), ".new-*")
	if err != nil {
		return
	}
	sum := sha256.Sum256(code)
	_, err = temporary.Write(append(sum[:], code...))
	if closeErr := temporary.Close(); err != nil || closeErr != nil || os.Rename(temporary.Name(), file) != nil {
		_ = os.Remove(temporary.Name())
	}
}
