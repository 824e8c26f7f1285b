package transcoder

import (
	"context"
	"errors"
	"io"
)

// maxEmptyReads is how often in a row a source may give nothing and no error.
const maxEmptyReads = 100

// Reader reads a stream transcoded. It is for one goroutine, but Close may come from another.
type Reader struct {
	ctx     context.Context
	session *Session
	source  io.Reader
	in      []byte // what one read of the source may give
	out     []byte // packets that wait to be read, from at on
	at      int
	err     error // what comes after them
}

var (
	_ io.ReadCloser = (*Reader)(nil)
	_ io.WriterTo   = (*Reader)(nil)
)

// NewReader opens a session and returns a reader of source's stream, transcoded. What one read of the source gives is taken in
// at once, so the stream is as live as the source. The context holds for the calls into the plugin; it does not end a read of the
// source that waits.
//
// Where the source ends, or fails, the packets that were waiting come first, then io.EOF or the source's error.
func NewReader(ctx context.Context, plugin *Plugin, source io.Reader, options Options) (*Reader, error) {
	session, err := plugin.Open(ctx, options)
	if err != nil {
		return nil, err
	}
	return &Reader{ctx: ctx, session: session, source: source, in: make([]byte, maxPiece)}, nil
}

// Read implements [io.Reader].
func (r *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for r.at == len(r.out) {
		if r.err != nil {
			return 0, r.err
		}
		r.fill()
	}
	n := copy(p, r.out[r.at:])
	r.at += n
	return n, nil
}

// WriteTo implements [io.WriterTo]: packets go to w as they become ready, without another copy.
func (r *Reader) WriteTo(w io.Writer) (int64, error) {
	var written int64
	for {
		if r.at < len(r.out) {
			n, err := w.Write(r.out[r.at:])
			written += int64(n)
			r.at += n
			if err != nil {
				return written, err
			}
		}
		if r.at < len(r.out) {
			return written, io.ErrShortWrite
		}
		if errors.Is(r.err, io.EOF) {
			return written, nil
		}
		if r.err != nil {
			return written, r.err
		}
		r.fill()
	}
}

// Session is the one behind the reader, for Report, Position and Memory.
func (r *Reader) Session() *Session { return r.session }

// Close closes the session. It does not close the source.
func (r *Reader) Close() error { return r.session.Close() }

// fill takes what one read of the source gives.
func (r *Reader) fill() {
	r.out, r.at = r.out[:0], 0
	var n int
	var end error
	for range maxEmptyReads {
		if n, end = r.source.Read(r.in); n > 0 || end != nil {
			break
		}
	}
	if n == 0 && end == nil {
		end = io.ErrNoProgress
	}
	if n > 0 {
		if r.out, r.err = r.session.AppendProcess(r.ctx, r.out, r.in[:n]); r.err != nil {
			return
		}
	}
	if end != nil {
		if r.out, r.err = r.session.AppendFinish(r.ctx, r.out); r.err == nil {
			r.err = end
		}
	}
}
