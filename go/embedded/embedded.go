// Package embedded carries the plugin inside the program, where it is built so:
//
//	cp dist/transcoder.wasm go/embedded/
//	go build -tags xg2g_embed ./…
package embedded

// Plugin is the plugin's file for [transcoder.Load]; nil where the program was built without the tag xg2g_embed.
//
// [transcoder.Load]: https://pkg.go.dev/github.com/ManuGH/xg2g-transcoder/go#Load
func Plugin() []byte { return plugin }
