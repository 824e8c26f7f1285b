package server

import "github.com/prometheus/client_golang/prometheus"

// metrics are the server's own; the plugin brings those of the transcoding.
type metrics struct {
	started, reconnects, restarts  prometheus.Counter
	refused, ended, upstreamErrors *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer, s *sessions) *metrics {
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Namespace: "xg2g_server", Name: name, Help: help})
		r.MustRegister(c)
		return c
	}
	vector := func(name, label, help string, values ...string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "xg2g_server", Name: name, Help: help}, []string{label})
		for _, value := range values {
			v.WithLabelValues(value) // so that a rate can be taken before the first
		}
		r.MustRegister(v)
		return v
	}
	r.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: "xg2g_server", Name: "streams", Help: "Streams that are open now.",
		}, func() float64 { return float64(s.count()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: "xg2g_server", Name: "streams_limit", Help: "Streams that may be open at once.",
		}, func() float64 { return float64(s.limit) }),
	)
	return &metrics{
		started:    counter("streams_started_total", "Streams whose first byte was sent."),
		reconnects: counter("upstream_reconnects_total", "Times that a lost upstream was opened again."),
		restarts:   counter("sandbox_restarts_total", "Times that a stream went on in a fresh sandbox because its old one died."),
		refused: vector("streams_refused_total", "reason", "Requests answered with 503 because no session was free.",
			"full", "draining"),
		ended: vector("streams_ended_total", "reason", "Streams that ended.",
			endComplete, endClientGone, endSlow, endLost, endFailed, endShutdown),
		upstreamErrors: vector("upstream_errors_total", "kind", "What went wrong with upstreams.",
			"not-allowed", "not-found", "busy", "stalled", "unreachable", "refused", "no-stream", "cut", "other"),
	}
}
