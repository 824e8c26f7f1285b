// Package transcoder turns live MPEG transport streams with AC-3 or MPEG audio into ones with AAC-LC, with everything else byte
// for byte.
//
// The work is done by a plugin, a WebAssembly component that imports nothing: a hostile or broken stream can at worst end its
// own session. [Load] compiles the plugin once; [Plugin.Open] gives each stream a sandbox of its own with a limit of memory and
// a deadline for each call; [NewReader] puts a session behind an [io.Reader]:
//
//	plugin, err := transcoder.LoadFile(ctx, "transcoder.wasm", transcoder.Config{})
//	…
//	reader, err := transcoder.NewReader(ctx, plugin, upstream, transcoder.Options{})
//	…
//	defer reader.Close()
//	_, err = io.Copy(client, reader)
//
// # Engines
//
// The plugin runs on wasmtime, or on wazero where the program is built without cgo or [Config].Engine says so. Both give the
// same bytes; wazero needs about twice the processor time.
//
// # Errors
//
// Damage on the air is no error: it is concealed, counted, and found in the [Report]. What can fail is told apart by
// [errors.Is] with the Err… variables, and by [errors.As] with [Error], [LimitError], [TrapError] and [ContractError], which
// know the position in the stream.
package transcoder
