//go:build xg2g_embed

package embedded

import _ "embed" // for the plugin

//go:embed transcoder.wasm
var plugin []byte
