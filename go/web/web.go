// Package web is the server's page, built into the program. Its player, mpegts.js, is fetched once by "go generate ./web" from
// npm, checked against the hash that is written down here, and then built in too: the page loads nothing from anywhere else.
package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:generate go run ./vendor.go

//go:embed static
var static embed.FS

// asset is a file with its hash, by which a browser asks whether its copy is still good.
type asset struct {
	data []byte
	etag string
}

// HasPlayer tells whether the player was built in. Without it the page shows the sessions and plays nothing.
func HasPlayer() bool {
	_, err := fs.Stat(static, "static/vendor/mpegts.js")
	return err == nil
}

// Handler serves the page at / and its files under /assets/.
func Handler() http.Handler {
	assets := map[string]asset{}
	err := fs.WalkDir(static, "static", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := static.ReadFile(name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		assets["/assets/"+strings.TrimPrefix(name, "static/")] = asset{data, `"` + hex.EncodeToString(sum[:8]) + `"`}
		return nil
	})
	if err != nil {
		panic(err) // an embedded file system that cannot be read is a broken build
	}
	assets["/"] = assets["/assets/index.html"]
	delete(assets, "/assets/index.html")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := assets[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		name := path.Base(r.URL.Path)
		if r.URL.Path == "/" {
			name = "index.html"
		}
		w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("ETag", a.etag)
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(a.data))
	})
}
