package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"time"
)

const (
	// steady is how long a reopened upstream must have sent before earlier losses are forgiven.
	steady = 30 * time.Second
	// firstBackoff is the wait before the first reopening; each further one waits twice as long, up to maxBackoff.
	firstBackoff = 250 * time.Millisecond
	maxBackoff   = 4 * time.Second
	// maxRestarts is how many sandboxes in a row one stream may use up before it is given up.
	maxRestarts = 5
)

// Why a stream ended, as the metrics and the log call it.
const (
	endComplete   = "complete"    // the upstream said that this was all
	endClientGone = "client-gone" // the client closed the connection
	endSlow       = "client-slow" // the client did not take its data in time
	endLost       = "upstream-lost"
	endFailed     = "transcoder-failed"
	endShutdown   = "shutdown"
)

var errShutdown = errors.New("the server stops")

// stream is one client's stream from the upstream's first byte to the end.
type stream struct {
	server  *Server
	live    *live
	target  *url.URL
	writer  http.ResponseWriter
	control *http.ResponseController
	log     *slog.Logger

	feed     *feed
	opened   time.Time // when feed was opened
	losses   int       // of the upstream, in a row
	session  Session
	begun    time.Time // when session was opened
	restarts int       // of the session, in a row
	out      []byte
}

// serve answers a request for a stream, whose target the gate has let through.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, target *url.URL) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	if r.Method == http.MethodHead {
		// A live stream has no length and no ranges; to say more, a tuner would be needed.
		header.Set("Content-Type", "video/mp2t")
		return
	}
	l, err := s.sessions.open(target.Redacted(), r.RemoteAddr)
	if err != nil {
		reason := "full"
		if errors.Is(err, ErrDraining) {
			reason = "draining"
		}
		s.metrics.refused.WithLabelValues(reason).Inc()
		header.Set("Retry-After", "5")
		fail(w, http.StatusServiceUnavailable, fmt.Sprintf("%v (%d of %d); try again later", err, s.sessions.count(), s.config.MaxSessions))
		return
	}
	defer s.sessions.close(l)
	// The stream ends with the client's connection, or when the server stops.
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	defer context.AfterFunc(s.stop, func() { cancel(errShutdown) })()

	st := &stream{
		server: s, live: l, target: target, writer: w, control: http.NewResponseController(w),
		log: s.config.Log.With("session", l.id, "stream", l.name, "client", l.client),
	}
	defer st.close()
	if err := st.open(ctx); err != nil {
		st.refuse(r, err)
		return
	}
	header.Set("Content-Type", "video/mp2t")
	header.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	_ = st.flush()
	l.setState(stateStreaming)
	s.metrics.started.Inc()
	st.log.Info("stream begins")
	reason, err := st.run(ctx)
	s.metrics.ended.WithLabelValues(reason).Inc()
	st.log.Info("stream ends", "reason", reason, "error", err, "in", l.in.Load(), "out", l.out.Load(),
		"seconds", int(time.Since(l.started).Seconds()), "reconnects", l.reconnects.Load(), "restarts", l.restarts.Load())
	if reason == endLost || reason == endFailed {
		// Only a broken connection tells the player that this was not the end of the programme.
		panic(http.ErrAbortHandler)
	}
}

func (st *stream) open(ctx context.Context) (err error) {
	if st.feed, err = st.server.upstream.open(ctx, st.target); err != nil {
		return err
	}
	st.opened, st.begun = time.Now(), time.Now()
	st.session, err = st.server.transcoder.Open(ctx)
	return err
}

// refuse answers a request whose upstream or session could not be opened.
func (st *stream) refuse(r *http.Request, err error) {
	switch {
	case errors.Is(err, errShutdown):
		st.writer.Header().Set("Retry-After", "5")
		fail(st.writer, http.StatusServiceUnavailable, ErrDraining.Error())
		return
	case r.Context().Err() != nil:
		return
	case st.feed != nil:
		st.server.metrics.ended.WithLabelValues(endFailed).Inc()
		st.log.Error("no session", "error", err)
		fail(st.writer, http.StatusInternalServerError, "the transcoder could not be started; the server's log tells why")
		return
	}
	kind, status := upstreamKind(err)
	st.server.metrics.upstreamErrors.WithLabelValues(kind).Inc()
	st.log.Warn("upstream refused", "kind", kind, "error", err)
	if status == http.StatusServiceUnavailable {
		st.writer.Header().Set("Retry-After", "5")
	}
	text := err.Error()
	if errors.Is(err, ErrUpstreamUnreachable) {
		text = ErrUpstreamUnreachable.Error() // the rest names addresses behind this server
	}
	fail(st.writer, status, text)
}

// run carries the stream until it ends and tells why.
func (st *stream) run(ctx context.Context) (reason string, err error) {
	buffer := make([]byte, readSize)
	for {
		n, err := st.feed.Read(buffer)
		if n > 0 {
			if reason, err := st.process(ctx, buffer[:n]); reason != "" {
				return reason, err
			}
		}
		switch {
		case err == nil:
			continue
		case errors.Is(err, io.EOF) && !errors.Is(err, ErrUpstreamCut):
			return st.finish(endComplete, nil)
		}
		if reason := st.cancelled(ctx); reason != "" {
			return st.finish(reason, nil)
		}
		if err := st.reconnect(ctx, err); err != nil {
			if reason := st.cancelled(ctx); reason != "" {
				return st.finish(reason, nil)
			}
			return st.finish(endLost, err)
		}
	}
}

// cancelled tells why the stream must end, if it must.
func (st *stream) cancelled(ctx context.Context) string {
	switch {
	case ctx.Err() == nil:
		return ""
	case errors.Is(context.Cause(ctx), errShutdown):
		return endShutdown
	}
	return endClientGone
}

// process passes bytes through the sandbox and on to the client. A sandbox that died is replaced by a fresh one, which goes on
// with the next bytes; those that the old one died of are left away, lest the new one dies of them too.
func (st *stream) process(ctx context.Context, in []byte) (reason string, err error) {
	st.live.in.Add(int64(len(in)))
	// A call ends by its own deadline. The stream's context in it would kill the session in the middle of a call, and with it what
	// is still to be sent at a shutdown.
	out, died := st.session.AppendProcess(context.WithoutCancel(ctx), st.out[:0], in)
	st.out = out
	if err := st.write(out); err != nil {
		return st.writeFailed(err)
	}
	if died != nil {
		if err := st.restart(ctx, died); err != nil {
			return endFailed, err
		}
	} else if st.live.sample(time.Now()) {
		st.report(ctx)
	}
	return "", nil
}

func (st *stream) restart(ctx context.Context, cause error) error {
	st.log.Error("sandbox died", "error", cause)
	st.live.setFault(cause)
	st.live.restarts.Add(1)
	st.server.metrics.restarts.Inc()
	if time.Since(st.begun) > steady {
		st.restarts = 0
	}
	if st.restarts++; st.restarts > maxRestarts {
		return fmt.Errorf("%d sandboxes in a row died: %w", st.restarts, cause)
	}
	_ = st.session.Close()
	session, err := st.server.transcoder.Open(context.WithoutCancel(ctx))
	if err != nil {
		return err
	}
	st.session, st.begun = session, time.Now()
	return nil
}

// reconnect opens the upstream again. The session and the client's stream go on: what the sandbox sees is a loss of packets.
func (st *stream) reconnect(ctx context.Context, cause error) error {
	st.live.setState(stateReconnecting)
	st.live.setFault(cause)
	_ = st.feed.Close()
	if time.Since(st.opened) > steady {
		st.losses = 0
	}
	for {
		kind, _ := upstreamKind(cause)
		st.server.metrics.upstreamErrors.WithLabelValues(kind).Inc()
		if st.losses == st.server.config.Reconnects {
			return fmt.Errorf("given up after opening it again %d times: %w", st.losses, cause)
		}
		wait := min(firstBackoff<<min(st.losses, 10), maxBackoff)
		st.losses++
		st.log.Warn("upstream lost", "error", cause, "attempt", st.losses, "wait", wait)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(wait):
		}
		feed, err := st.server.upstream.open(ctx, st.target)
		if err == nil {
			st.feed, st.opened = feed, time.Now()
			st.live.reconnects.Add(1)
			st.server.metrics.reconnects.Inc()
			st.live.setState(stateStreaming)
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		cause = err
		st.live.setFault(err)
	}
}

// finish sends what the sandbox still holds, where there is someone to send it to.
func (st *stream) finish(reason string, cause error) (string, error) {
	if reason == endClientGone {
		return reason, cause
	}
	out, err := st.session.AppendFinish(context.Background(), st.out[:0])
	if err != nil {
		return reason, errors.Join(cause, err)
	}
	if err := st.write(out); err != nil {
		return st.writeFailed(err)
	}
	return reason, cause
}

func (st *stream) write(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	deadline := time.Now().Add(st.server.config.Write)
	if err := st.control.SetWriteDeadline(deadline); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	n, err := st.writer.Write(b)
	st.live.out.Add(int64(n))
	if err != nil {
		return err
	}
	return st.flush()
}

func (st *stream) flush() error {
	if err := st.control.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

func (st *stream) writeFailed(err error) (string, error) {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return endSlow, fmt.Errorf("the client took nothing for %v", st.server.config.Write)
	}
	return endClientGone, nil
}

// report takes the session's report for those who look at the server.
func (st *stream) report(ctx context.Context) {
	if r, err := st.session.Report(context.WithoutCancel(ctx)); err == nil {
		st.live.report.Store(&r)
	}
}

func (st *stream) close() {
	if st.feed != nil {
		_ = st.feed.Close()
	}
	if st.session != nil {
		_ = st.session.Close()
	}
}

// fail answers with a status and one line of text.
func fail(w http.ResponseWriter, status int, text string) {
	http.Error(w, text, status)
}
