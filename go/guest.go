package transcoder

import "context"

// guest is one sandbox with the plugin in it, as the rest of the package sees it: in the contract's terms. It is for one
// goroutine at a time; an error that is not the plugin's own ([Error]) ends it.
//
// [coreGuest] speaks the canonical ABI to a core module. An engine with component calls, or one that is a library of its own,
// implements this interface instead.
type guest interface {
	// open opens the session; the other calls on a stream come after it.
	open(ctx context.Context, options *Options) error
	// process takes at most maxPiece bytes and appends the packets that are ready to dst.
	process(ctx context.Context, dst, piece []byte) ([]byte, error)
	// finish appends the packets that were waiting to dst.
	finish(ctx context.Context, dst []byte) ([]byte, error)
	report(ctx context.Context) (Report, error)
	inspect(ctx context.Context, input []byte, options *Options) (Inspection, error)
	version(ctx context.Context) (string, error)
	// memory is how many bytes of memory it has now.
	memory() uint64
	close()
}

// program is the plugin compiled, which makes guests.
type program interface {
	instantiate(ctx context.Context) (guest, error)
	fromCache() bool
	close() error
}
