//go:build !xg2g_embed

package embedded

var plugin []byte
