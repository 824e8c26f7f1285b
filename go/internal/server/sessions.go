package server

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Why no session is opened. The client gets a 503 for both.
var (
	ErrFull     = errors.New("all sessions are taken")
	ErrDraining = errors.New("the server is shutting down")
)

// rateWindow is how many samples, a second apart, a bit rate is taken over.
const rateWindow = 5

// What a live session is doing.
const (
	stateOpening      = "opening"
	stateStreaming    = "streaming"
	stateReconnecting = "reconnecting"
)

// live is one client's stream, as others may look at it while it runs.
type live struct {
	id         uint64
	name       string // what is streamed, without passwords
	client     string
	started    time.Time
	in, out    atomic.Int64
	reconnects atomic.Int64
	restarts   atomic.Int64
	state      atomic.Pointer[string]
	fault      atomic.Pointer[fault]
	report     atomic.Pointer[Report]

	mu      sync.Mutex
	samples []rateSample // at most rateWindow, oldest first
}

// fault is the last thing that went wrong in a session that goes on.
type fault struct {
	Text string    `json:"text"`
	Time time.Time `json:"time"`
}

// rateSample is how many bytes had passed at a moment.
type rateSample struct {
	at      time.Time
	in, out int64
}

func (l *live) setState(s string) { l.state.Store(&s) }

func (l *live) setFault(err error) { l.fault.Store(&fault{err.Error(), time.Now()}) }

// sample remembers how much has passed by now, once a second.
func (l *live) sample(now time.Time) (taken bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.samples); n > 0 && now.Sub(l.samples[n-1].at) < time.Second {
		return false
	}
	if len(l.samples) == rateWindow {
		l.samples = slices.Delete(l.samples, 0, 1)
	}
	l.samples = append(l.samples, rateSample{now, l.in.Load(), l.out.Load()})
	return true
}

// rates are bits per second over the last seconds; a stream that stands still sinks towards 0.
func (l *live) rates(now time.Time) (in, out int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.samples) == 0 {
		return 0, 0
	}
	oldest := l.samples[0]
	span := max(now.Sub(oldest.at), 500*time.Millisecond).Seconds()
	return int64(float64(l.in.Load()-oldest.in) * 8 / span), int64(float64(l.out.Load()-oldest.out) * 8 / span)
}

// sessions holds what is live, and no more than the limit of it.
type sessions struct {
	limit int

	mu       sync.Mutex
	live     map[uint64]*live
	next     uint64
	draining bool
	idle     chan struct{} // closed when draining and none is left
}

func newSessions(limit int) *sessions {
	return &sessions{limit: limit, live: map[uint64]*live{}, idle: make(chan struct{})}
}

// open takes a place, or says why there is none.
func (s *sessions) open(name, client string) (*live, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.draining:
		return nil, ErrDraining
	case len(s.live) >= s.limit:
		return nil, ErrFull
	}
	s.next++
	l := &live{id: s.next, name: name, client: client, started: time.Now()}
	l.setState(stateOpening)
	s.live[l.id] = l
	return l, nil
}

// close gives the place back.
func (s *sessions) close(l *live) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.live, l.id)
	if s.draining && len(s.live) == 0 {
		close(s.idle)
	}
}

// drain lets no new session in.
func (s *sessions) drain() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return
	}
	s.draining = true
	if len(s.live) == 0 {
		close(s.idle)
	}
}

// wait waits until the last session is gone; only after drain.
func (s *sessions) wait(ctx context.Context) error {
	select {
	case <-s.idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *sessions) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.live)
}

func (s *sessions) isDraining() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.draining
}

// list is what is live, oldest first.
func (s *sessions) list() []*live {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*live, 0, len(s.live))
	for _, l := range s.live {
		all = append(all, l)
	}
	slices.SortFunc(all, func(a, b *live) int { return cmp.Compare(a.id, b.id) })
	return all
}
