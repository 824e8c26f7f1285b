// Package metrics shows what a transcoder does to Prometheus.
//
//	collector := metrics.New()
//	prometheus.MustRegister(collector)
//	plugin, err := transcoder.LoadFile(ctx, path, transcoder.Config{Observer: collector})
package metrics

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	transcoder "github.com/ManuGH/xg2g-transcoder/go"
)

const namespace = "xg2g_transcoder"

// durationBuckets are in seconds: from a call with hardly any input to one that comes near the deadline.
var durationBuckets = []float64{.0001, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5}

// Collector is the Observer of one plugin, and a collector for a registry:
//
//	xg2g_transcoder_bytes_input_total             bytes of streams taken in
//	xg2g_transcoder_bytes_output_total            bytes of streams given out
//	xg2g_transcoder_errors_total{kind}            calls that failed; kind as transcoder.Kind has it
//	xg2g_transcoder_processing_duration_seconds   how long process and finish took (a histogram)
//	xg2g_transcoder_sessions                      sessions that are open
//	xg2g_transcoder_sessions_opened_total         sessions opened
//	xg2g_transcoder_memory_bytes                  linear memory of all open sessions
//	xg2g_transcoder_drift_seconds                 largest drift, either way, of a track of an open session at its last report
type Collector struct {
	bytesIn, bytesOut, opened prometheus.Counter
	errors                    *prometheus.CounterVec
	duration                  prometheus.Histogram
	sessions, memory, drift   *prometheus.Desc

	mutex sync.Mutex
	live  map[uint64]state
}

// state is the last that is known of an open session.
type state struct {
	memory uint64
	drift  float64
}

var (
	_ prometheus.Collector = (*Collector)(nil)
	_ transcoder.Observer  = (*Collector)(nil)
)

// New makes a collector that knows of nothing yet.
func New() *Collector {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help})
	}
	gauge := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, nil, nil)
	}
	return &Collector{
		bytesIn:  counter("bytes_input_total", "Bytes of streams taken in."),
		bytesOut: counter("bytes_output_total", "Bytes of streams given out."),
		opened:   counter("sessions_opened_total", "Sessions opened."),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "errors_total", Help: "Calls that failed, by the kind of the error.",
		}, []string{"kind"}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: namespace, Name: "processing_duration_seconds", Help: "How long calls with a stream's bytes took.",
			Buckets: durationBuckets,
		}),
		sessions: gauge("sessions", "Sessions that are open."),
		memory:   gauge("memory_bytes", "Linear memory of all open sessions."),
		drift:    gauge("drift_seconds", "Largest drift, either way, of a track of an open session at its last report."),
		live:     map[uint64]state{},
	}
}

// SessionOpened implements [transcoder.Observer].
func (c *Collector) SessionOpened(session uint64) {
	c.opened.Inc()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.live[session] = state{}
}

// SessionClosed implements [transcoder.Observer].
func (c *Collector) SessionClosed(session uint64) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	delete(c.live, session)
}

// Called implements [transcoder.Observer].
func (c *Collector) Called(call transcoder.Call) {
	if kind := transcoder.Kind(call.Err); kind != "" {
		c.errors.WithLabelValues(kind).Inc()
	}
	if call.Name == "process" || call.Name == "finish" {
		c.bytesIn.Add(float64(call.In))
		c.bytesOut.Add(float64(call.Out))
		c.duration.Observe(call.Duration.Seconds())
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	s, ok := c.live[call.Session]
	if !ok {
		return
	}
	s.memory = call.Memory
	if call.Report != nil {
		s.drift = 0
		for _, track := range call.Report.Tracks {
			s.drift = max(s.drift, track.Drift.Abs().Seconds())
		}
	}
	c.live[call.Session] = s
}

// Describe implements [prometheus.Collector].
func (c *Collector) Describe(out chan<- *prometheus.Desc) {
	for _, own := range c.own() {
		own.Describe(out)
	}
	for _, desc := range []*prometheus.Desc{c.sessions, c.memory, c.drift} {
		out <- desc
	}
}

func (c *Collector) own() []prometheus.Collector {
	return []prometheus.Collector{c.bytesIn, c.bytesOut, c.opened, c.errors, c.duration}
}

// Collect implements [prometheus.Collector].
func (c *Collector) Collect(out chan<- prometheus.Metric) {
	for _, own := range c.own() {
		own.Collect(out)
	}
	c.mutex.Lock()
	var sum state
	for _, s := range c.live {
		sum.memory += s.memory
		sum.drift = max(sum.drift, s.drift)
	}
	sessions := len(c.live)
	c.mutex.Unlock()
	for desc, value := range map[*prometheus.Desc]float64{
		c.sessions: float64(sessions),
		c.memory:   float64(sum.memory),
		c.drift:    sum.drift,
	} {
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value)
	}
}
