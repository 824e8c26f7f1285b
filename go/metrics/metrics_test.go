package metrics_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	transcoder "github.com/ManuGH/xg2g-transcoder/go"
	"github.com/ManuGH/xg2g-transcoder/go/internal/contract"
	"github.com/ManuGH/xg2g-transcoder/go/internal/guesttest"
	"github.com/ManuGH/xg2g-transcoder/go/metrics"
)

func TestCollector(t *testing.T) {
	collector := metrics.New()
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(collector); err != nil {
		t.Fatal(err)
	}
	guest := guesttest.Echo().With(contract.Finish, guesttest.Unreachable)
	plugin, err := transcoder.Load(t.Context(), guest.Component(), transcoder.Config{NoCache: true, Observer: collector})
	if err != nil {
		t.Fatal(err)
	}
	first, err := plugin.Open(t.Context(), transcoder.Options{})
	if err != nil {
		t.Fatal(err)
	}
	second, err := plugin.Open(t.Context(), transcoder.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = second.Close() }()
	if _, err := first.Process(t.Context(), bytes.Repeat([]byte("x"), 1000)); err != nil {
		t.Fatal(err)
	}
	if _, err := first.Finish(t.Context()); !errors.Is(err, transcoder.ErrTrap) {
		t.Fatalf("got %v", err)
	}
	if _, err := plugin.Open(t.Context(), transcoder.Options{Channels: 9}); err == nil {
		t.Fatal("no error")
	}
	collector.Called(transcoder.Call{Session: 2, Name: "report", Memory: 131072, Report: &transcoder.Report{
		Tracks: []transcoder.TrackReport{{Drift: time.Millisecond}, {Drift: -25 * time.Millisecond}},
	}})
	want := `
# HELP xg2g_transcoder_bytes_input_total Bytes of streams taken in.
# TYPE xg2g_transcoder_bytes_input_total counter
xg2g_transcoder_bytes_input_total 1000
# HELP xg2g_transcoder_bytes_output_total Bytes of streams given out.
# TYPE xg2g_transcoder_bytes_output_total counter
xg2g_transcoder_bytes_output_total 1000
# HELP xg2g_transcoder_drift_seconds Largest drift, either way, of a track of an open session at its last report.
# TYPE xg2g_transcoder_drift_seconds gauge
xg2g_transcoder_drift_seconds 0.025
# HELP xg2g_transcoder_errors_total Calls that failed, by the kind of the error.
# TYPE xg2g_transcoder_errors_total counter
xg2g_transcoder_errors_total{kind="invalid-option"} 1
xg2g_transcoder_errors_total{kind="trap"} 1
# HELP xg2g_transcoder_memory_bytes Linear memory of all open sessions.
# TYPE xg2g_transcoder_memory_bytes gauge
xg2g_transcoder_memory_bytes 131072
# HELP xg2g_transcoder_sessions Sessions that are open.
# TYPE xg2g_transcoder_sessions gauge
xg2g_transcoder_sessions 1
# HELP xg2g_transcoder_sessions_opened_total Sessions opened.
# TYPE xg2g_transcoder_sessions_opened_total counter
xg2g_transcoder_sessions_opened_total 2
`
	names := []string{
		"xg2g_transcoder_bytes_input_total", "xg2g_transcoder_bytes_output_total", "xg2g_transcoder_drift_seconds",
		"xg2g_transcoder_errors_total", "xg2g_transcoder_memory_bytes", "xg2g_transcoder_sessions", "xg2g_transcoder_sessions_opened_total",
	}
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), names...); err != nil {
		t.Error(err)
	}
	if n := testutil.CollectAndCount(collector, "xg2g_transcoder_processing_duration_seconds"); n != 1 {
		t.Errorf("%d histograms", n)
	}
	if problems, err := testutil.GatherAndLint(registry); err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}
