// Package server passes a receiver's streams on with their sound transcoded.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/ManuGH/xg2g-transcoder/go/web"
)

// lastWords is how long streams have for their last packets once they are told to end.
const lastWords = 3 * time.Second

// Server serves streams, the page, health and metrics. Create it with [New].
type Server struct {
	config     *Config
	transcoder Transcoder
	gate       *gate
	upstream   *upstream
	sessions   *sessions
	metrics    *metrics
	handler    http.Handler
	stop       context.Context // over when the streams must end
	stopNow    context.CancelFunc
}

// New makes a server that opens a session of t for each stream. Beside the server's own metrics those of more are at /metrics.
func New(c *Config, t Transcoder, more ...prometheus.Collector) (*Server, error) {
	s := &Server{
		config: c, transcoder: t, sessions: newSessions(c.MaxSessions),
		gate: &gate{receiver: c.Upstream, recordings: c.Recordings, allow: c.Allow},
	}
	s.upstream = newUpstream(s.gate, c)
	s.stop, s.stopNow = context.WithCancel(context.Background())
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, collector := range more {
		if err := registry.Register(collector); err != nil {
			return nil, fmt.Errorf("metrics: %w", err)
		}
	}
	s.metrics = newMetrics(registry, s.sessions)
	s.handler = s.routes(registry)
	return s, nil
}

// Handler is everything that the server answers.
func (s *Server) Handler() http.Handler { return s.handler }

func (s *Server) routes(registry *prometheus.Registry) http.Handler {
	r := chi.NewRouter()
	r.Use(middleware.Recoverer, secure)
	r.Get("/healthz", s.serveHealth)
	r.Method(http.MethodGet, "/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	r.Get("/api/sessions", s.serveSessions)
	page := web.Handler()
	for _, path := range []string{"/", "/assets/*"} {
		r.Method(http.MethodGet, path, page)
		r.Method(http.MethodHead, path, page)
	}
	for path, handler := range map[string]http.HandlerFunc{"/stream": s.serveNamed, "/*": s.serveService} {
		r.Get(path, handler)
		r.Head(path, handler)
	}
	return r
}

// serveService answers the receiver's own paths.
func (s *Server) serveService(w http.ResponseWriter, r *http.Request) {
	target, err := s.gate.service(r.URL)
	if err != nil {
		s.closed(w, err)
		return
	}
	s.serve(w, r, target)
}

// serveNamed answers /stream?url=.
func (s *Server) serveNamed(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("url")
	if name == "" {
		fail(w, http.StatusBadRequest, "want /stream?url=http://…")
		return
	}
	target, err := s.gate.named(name)
	if err != nil {
		s.closed(w, err)
		return
	}
	s.serve(w, r, target)
}

// closed answers a request that the gate does not let through.
func (s *Server) closed(w http.ResponseWriter, err error) {
	status := http.StatusForbidden
	if errors.Is(err, ErrNoService) {
		status = http.StatusNotFound
	}
	fail(w, status, err.Error())
}

// secure sets what keeps the page to itself: it loads nothing from elsewhere and nobody frames it.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "+
			"connect-src 'self'; media-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("X-Frame-Options", "DENY")
		next.ServeHTTP(w, r)
	})
}

// Run serves on the listener until ctx is over, then lets the streams go on for the drain time, ends them and returns.
func (s *Server) Run(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(s.config.Log.Handler(), slog.LevelDebug),
	}
	if s.config.Debug != "" {
		stop, err := s.debug()
		if err != nil {
			_ = listener.Close()
			return err
		}
		defer stop()
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		s.stopNow()
		return err
	case <-ctx.Done():
	}
	s.config.Log.Info("stopping", "streams", s.sessions.count(), "drain", s.config.Drain)
	// Health and metrics go on to be answered while the streams run out.
	s.sessions.drain()
	drain, cancel := context.WithTimeout(context.Background(), s.config.Drain)
	defer cancel()
	if s.sessions.wait(drain) != nil {
		s.stopNow()
	}
	last, cancel := context.WithTimeout(context.Background(), lastWords)
	defer cancel()
	if err := server.Shutdown(last); err != nil {
		s.config.Log.Warn("connections cut", "error", err)
		return server.Close()
	}
	return nil
}

// debug serves pprof on its own listener.
func (s *Server) debug() (stop func(), err error) {
	listener, err := net.Listen("tcp", s.config.Debug)
	if err != nil {
		return nil, fmt.Errorf("debug-listen: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	s.config.Log.Info("pprof", "address", listener.Addr())
	return func() { _ = server.Close() }, nil
}
