package transcoder

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	pluginFile     = "transcoder.wasm"
	pluginVariable = "XG2G_PLUGIN"
)

// Find says where the plugin's file is: named, else $XG2G_PLUGIN, else transcoder.wasm beside the program, in
// ../lib/xg2g-transcoder/ from there, and in ./dist/. What is named, by argument or variable, is looked for nowhere else.
func Find(named string) (string, error) {
	places := []string{named}
	if named == "" {
		places[0] = os.Getenv(pluginVariable)
	}
	if places[0] == "" {
		places = places[:0]
		if program, err := os.Executable(); err == nil {
			dir := filepath.Dir(program)
			places = append(places, filepath.Join(dir, pluginFile), filepath.Join(dir, "..", "lib", "xg2g-transcoder", pluginFile))
		}
		places = append(places, filepath.Join("dist", pluginFile))
	}
	for _, place := range places {
		if info, err := os.Stat(place); err == nil && info.Mode().IsRegular() {
			return place, nil
		}
	}
	return "", fmt.Errorf("transcoder: no plugin at %s; make it with `make build`, or name it by $%s", strings.Join(places, ", "), pluginVariable)
}
