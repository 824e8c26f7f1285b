package server

import (
	"encoding/json"
	"net/http"
	"time"
)

// overview is what /api/sessions answers: all that the page shows.
type overview struct {
	Version  string        `json:"version"`
	Receiver string        `json:"receiver"`
	Limit    int           `json:"limit"`
	Draining bool          `json:"draining"`
	Sessions []sessionView `json:"sessions"`
}

type sessionView struct {
	ID         uint64    `json:"id"`
	Stream     string    `json:"stream"`
	Client     string    `json:"client"`
	State      string    `json:"state"`
	Started    time.Time `json:"started"`
	Seconds    float64   `json:"seconds"`
	BytesIn    int64     `json:"bytesIn"`
	BytesOut   int64     `json:"bytesOut"`
	BitrateIn  int64     `json:"bitrateIn"`
	BitrateOut int64     `json:"bitrateOut"`
	Reconnects int64     `json:"reconnects"`
	Restarts   int64     `json:"restarts"`
	LastFault  *fault    `json:"lastFault,omitempty"`
	Report     *Report   `json:"report,omitempty"`
}

// serveSessions answers /api/sessions.
func (s *Server) serveSessions(w http.ResponseWriter, _ *http.Request) {
	now := time.Now()
	o := overview{
		Version: s.transcoder.Version(), Limit: s.config.MaxSessions, Draining: s.sessions.isDraining(), Sessions: []sessionView{},
	}
	if s.config.Upstream != nil {
		o.Receiver = s.config.Upstream.Redacted()
	}
	for _, l := range s.sessions.list() {
		in, out := l.rates(now)
		o.Sessions = append(o.Sessions, sessionView{
			ID: l.id, Stream: l.name, Client: l.client, State: *l.state.Load(),
			Started: l.started, Seconds: now.Sub(l.started).Seconds(),
			BytesIn: l.in.Load(), BytesOut: l.out.Load(), BitrateIn: in, BitrateOut: out,
			Reconnects: l.reconnects.Load(), Restarts: l.restarts.Load(),
			LastFault: l.fault.Load(), Report: l.report.Load(),
		})
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(o)
}

// serveHealth answers /healthz: 200 while new streams are taken.
func (s *Server) serveHealth(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if s.sessions.isDraining() {
		fail(w, http.StatusServiceUnavailable, "draining")
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n"))
}
