package transcoder

import (
	"context"
	"runtime"
	"sync"
	"time"
)

// reportInterval is how often a session in use is asked for its report where there is an Observer.
const reportInterval = 5 * time.Second

// Session is one stream, being transcoded as it arrives, in a sandbox of its own.
//
// A context's deadline holds within a call, like the plugin's own. That it was cancelled is seen between pieces of 64 KiB; within
// one by wazero alone.
//
// Output never depends on how the input was cut into pieces. A session may be used by several goroutines: their calls come one
// after the other. An error that is not the plugin's own ([Error]), or a context's that came in mid-call, ends it: it gives its
// memory back, further calls are ErrClosed, and a new session goes on with the rest of the stream within one audio frame.
type Session struct {
	*stream
}

// stream is what a session is made of. It does not know of the Session, which thus can be seen to be forgotten.
type stream struct {
	plugin *Plugin
	number uint64

	mutex    sync.Mutex
	guest    guest
	position uint64
	memory   uint64
	reported time.Time
	ended    string // why there is no guest any more
	closed   bool   // by the caller
}

// Open opens a session. It fails with ErrInvalidOption where an option is outside its range.
func (p *Plugin) Open(ctx context.Context, options Options) (*Session, error) {
	start := time.Now()
	s, err := p.open(ctx, &options)
	call := Call{Name: "open", Duration: time.Since(start), Err: err}
	if err != nil {
		p.observe(call)
		return nil, err
	}
	call.Session, call.Memory = s.number, s.memory
	if p.config.Observer != nil {
		p.config.Observer.SessionOpened(s.number)
	}
	p.observe(call)
	session := &Session{s}
	runtime.AddCleanup(session, func(s *stream) { _ = s.close() }, s)
	return session, nil
}

func (p *Plugin) open(ctx context.Context, options *Options) (*stream, error) {
	if err := options.check(); err != nil {
		return nil, err
	}
	g, err := p.enter(ctx)
	if err != nil {
		return nil, err
	}
	if err := g.open(ctx, options); err != nil {
		p.leave(g)
		return nil, err
	}
	return &stream{plugin: p, number: p.sessions.Add(1), guest: g, memory: g.memory(), reported: time.Now()}, nil
}

// Process takes the next bytes of the stream, any number of them, and returns the packets that are ready.
//
// Packets leave up to about 0.3 s of stream time after they came. Where a call fails in the middle, what was ready until then is
// returned beside the error.
func (s *Session) Process(ctx context.Context, input []byte) ([]byte, error) {
	return s.AppendProcess(ctx, nil, input)
}

// AppendProcess is Process that appends to dst, whose room is used. It allocates nothing that grows with the input but dst
// itself.
func (s *Session) AppendProcess(ctx context.Context, dst, input []byte) ([]byte, error) {
	defer runtime.KeepAlive(s)
	return s.run(ctx, "process", dst, input, func(dst []byte) ([]byte, error) {
		rest := input
		for {
			piece := rest[:min(len(rest), maxPiece)]
			var err error
			if dst, err = s.guest.process(ctx, dst, piece); err != nil {
				return dst, err
			}
			s.position += uint64(len(piece))
			if rest = rest[len(piece):]; len(rest) == 0 {
				return dst, nil
			}
		}
	})
}

// Finish says that the stream ends and returns the packets that were waiting. Afterwards only Report and Close are of use.
func (s *Session) Finish(ctx context.Context) ([]byte, error) {
	return s.AppendFinish(ctx, nil)
}

// AppendFinish is Finish that appends to dst.
func (s *Session) AppendFinish(ctx context.Context, dst []byte) ([]byte, error) {
	defer runtime.KeepAlive(s)
	return s.run(ctx, "finish", dst, nil, func(dst []byte) ([]byte, error) { return s.guest.finish(ctx, dst) })
}

// Report says what happened so far; also after Finish.
func (s *Session) Report(ctx context.Context) (Report, error) {
	defer runtime.KeepAlive(s)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err := s.ready(ctx, "report"); err != nil {
		return Report{}, err
	}
	return s.report(ctx)
}

// Position is how many bytes of the stream were taken in.
func (s *Session) Position() uint64 {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.position
}

// Memory is how many bytes of linear memory the session has, or had when it ended. It never shrinks.
func (s *Session) Memory() uint64 {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.memory
}

// Closed says whether Close was called. A session that an error ended is not closed.
func (s *Session) Closed() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.closed
}

// Close gives the session's memory back. It may be called again, and always returns nil.
func (s *Session) Close() error { return s.close() }

func (s *stream) close() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.closed = true
	s.end("it was closed")
	return nil
}

// run is a call that takes and gives bytes of the stream.
func (s *stream) run(ctx context.Context, name string, dst, input []byte, enter func([]byte) ([]byte, error)) ([]byte, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err := s.ready(ctx, name); err != nil {
		return dst, err
	}
	start, before := time.Now(), len(dst)
	dst, err := enter(dst)
	s.after(Call{Name: name, In: len(input), Out: len(dst) - before, Duration: time.Since(start), Err: err})
	if err == nil && s.plugin.config.Observer != nil && time.Since(s.reported) >= reportInterval {
		_, err = s.report(ctx)
	}
	return dst, err
}

func (s *stream) report(ctx context.Context) (Report, error) {
	start := time.Now()
	report, err := s.guest.report(ctx)
	call := Call{Name: "report", Duration: time.Since(start), Err: err}
	if err == nil {
		call.Report = &report
	}
	s.reported = time.Now()
	s.after(call)
	return report, err
}

// ready says whether the session can be called. A context that is over already leaves it as it is.
func (s *stream) ready(ctx context.Context, name string) error {
	if s.guest == nil {
		return &Error{Kind: ErrClosed, Message: "the session ended: " + s.ended, Call: name, Position: s.position}
	}
	return ctx.Err()
}

// after does what follows each call: counts, tells, and ends the session where it failed for good.
func (s *stream) after(call Call) {
	alive := call.Err == nil || ownError(call.Err)
	if alive {
		s.memory = s.guest.memory()
	}
	call.Session, call.Memory = s.number, s.memory
	s.plugin.observe(call)
	if alive {
		return
	}
	if !isContext(call.Err) {
		s.plugin.config.Logger.Error("a transcoding session ended", "session", s.number, "kind", Kind(call.Err), "call", call.Name,
			"position", s.position, "memory", s.memory, "error", call.Err)
	}
	s.end(call.Err.Error())
}

// end gives the sandbox back, once.
func (s *stream) end(why string) {
	if s.guest == nil {
		return
	}
	s.plugin.leave(s.guest)
	s.guest, s.ended = nil, why
	if s.plugin.config.Observer != nil {
		s.plugin.config.Observer.SessionClosed(s.number)
	}
}
