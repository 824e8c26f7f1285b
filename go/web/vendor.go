//go:build ignore

// Fetches the player from npm and puts it and its licence into static/vendor.
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
)

const (
	name      = "mpegts.js"
	version   = "1.8.2"
	integrity = "cZYMa5muASH55wrS6JK5IGkUqnCA96c0f+WdnW91jIK9s/N6NzjmTQDJNYg9A5u/G2Q5nj2b3w1Zwzze/9guxA=="
)

// wanted maps files of the package to files of static/vendor.
var wanted = map[string]string{
	"package/dist/mpegts.js": "mpegts.js",
	"package/LICENSE":        "mpegts.js.LICENSE.txt",
}

func main() {
	log.SetFlags(0)
	if err := run(); err != nil {
		log.Fatalf("vendor: %v", err)
	}
}

func run() error {
	dir, err := os.MkdirTemp("", "vendor")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	pack := exec.Command("npm", "pack", "--silent", "--pack-destination", dir, name+"@"+version)
	pack.Stderr = os.Stderr
	if err := pack.Run(); err != nil {
		return fmt.Errorf("npm pack: %w", err)
	}
	packed, err := os.ReadFile(filepath.Join(dir, name+"-"+version+".tgz"))
	if err != nil {
		return err
	}
	sum := sha512.Sum512(packed)
	if got := base64.StdEncoding.EncodeToString(sum[:]); got != integrity {
		return fmt.Errorf("%s@%s: sha512-%s, want sha512-%s", name, version, got, integrity)
	}
	return unpack(packed)
}

func unpack(packed []byte) error {
	unzipped, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return err
	}
	missing := len(wanted)
	for archive := tar.NewReader(unzipped); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		to, ok := wanted[header.Name]
		if !ok {
			continue
		}
		data, err := io.ReadAll(archive)
		if err != nil {
			return err
		}
		// The last line names a map that is not built in.
		if at := bytes.LastIndex(data, []byte("//# sourceMappingURL=")); at >= 0 {
			data = data[:at]
		}
		if err := os.WriteFile(filepath.Join("static", "vendor", to), data, 0o644); err != nil {
			return err
		}
		fmt.Printf("%s of %s@%s: %d bytes\n", to, name, version, len(data))
		missing--
	}
	if missing > 0 {
		return fmt.Errorf("%d files missing in %s@%s", missing, name, version)
	}
	return nil
}
