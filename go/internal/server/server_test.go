package server

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ManuGH/xg2g-transcoder/go/internal/receiver"
)

func get(t testing.TB, url string) *http.Response {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return response
}

func text(t testing.TB, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestStreamPassesThroughTheTranscoder(t *testing.T) {
	loop := demoLoop(t)
	r := newRig(t, receiver.New(loop, nil), nil)
	response := get(t, r.url+reference+"?from=start")
	if response.StatusCode != 200 || response.Header.Get("Content-Type") != "video/mp2t" || response.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s, headers %v", response.Status, response.Header)
	}
	got := make([]byte, 100_000)
	if _, err := io.ReadFull(response.Body, got); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, loop.Append(nil, 0, 1000)[:len(got)]) {
		t.Error("the stream differs from the receiver's")
	}
}

func TestUpstreamErrorsAreMapped(t *testing.T) {
	r := newRig(t, receiver.New(demoLoop(t), nil), func(c *Config) { c.FirstByte = 300 * time.Millisecond })
	for _, c := range []struct {
		query  string
		status int
		text   string
		retry  bool
	}{
		{"fault=404", 404, "no such stream", false},
		{"fault=500", 502, "refused: 500", false},
		{"fault=busy", 503, "no tuner", true},
		{"fault=html", 502, "a page", false},
		{"fault=empty", 502, "empty", false},
		{"fault=silent", 504, "sends nothing", false},
		{"fault=stall&after=0", 504, "sends nothing", false},
		{"fault=redirect&to=http://127.0.0.1:1/", 403, "not allowed", false},
		{"fault=redirect&to=/web/powerstate", 403, "not allowed", false},
	} {
		response := get(t, r.url+reference+"?"+c.query)
		body := text(t, response)
		if response.StatusCode != c.status || !strings.Contains(body, c.text) || (response.Header.Get("Retry-After") != "") != c.retry {
			t.Errorf("%s: %s, %q, Retry-After %q", c.query, response.Status, body, response.Header.Get("Retry-After"))
		}
	}
	r.idle(t)
}

func TestUnreachableUpstream(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	r := newRig(t, http.NotFoundHandler(), func(c *Config) { c.Upstream = mustURL(t, "http://user:secret@"+address) })
	response := get(t, r.url+reference)
	body := text(t, response)
	if response.StatusCode != 502 || strings.Contains(body, address) || strings.Contains(body, "secret") {
		t.Errorf("%s: %q tells too much or the wrong thing", response.Status, body)
	}
}

func TestTextIsNoStream(t *testing.T) {
	for _, c := range []struct {
		contentType, body string
		stream            bool
	}{
		{"video/mpeg", "G\x1f\xff\x10", true},
		{"text/html", "G\x1f\xff\x10", true}, // some boxes say so of everything
		{"", "\xff\xfb\x90", true},
		{"video/mpeg", "\n <HTML>", false},
		{"application/octet-stream", "\xef\xbb\xbf<?xml version", false},
		{"video/mpeg", "#EXTM3U\n", false},
		{"text/plain; charset=utf-8", "sorry", false},
		{"application/json", "{}", false},
	} {
		if err := streamError(c.contentType, []byte(c.body)); (err == nil) != c.stream {
			t.Errorf("%s %q: %v", c.contentType, c.body, err)
		}
	}
}

func TestHeadAndRangeAndOtherMethods(t *testing.T) {
	var asked atomic.Int64
	rx := receiver.New(demoLoop(t), nil)
	r := newRig(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		rx.ServeHTTP(w, r)
	}), nil)
	do := func(method, path string, header ...string) *http.Response {
		request, err := http.NewRequest(method, r.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(header); i += 2 {
			request.Header.Set(header[i], header[i+1])
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response
	}
	if h := do("HEAD", reference); h.StatusCode != 200 || h.Header.Get("Content-Type") != "video/mp2t" || h.Header.Get("Accept-Ranges") != "" {
		t.Errorf("HEAD: %s %v", h.Status, h.Header)
	}
	if h := do("HEAD", "/nowhere"); h.StatusCode != 404 {
		t.Errorf("HEAD of nothing: %s", h.Status)
	}
	if h := do("HEAD", "/stream?url=http://127.0.0.1/"); h.StatusCode != 403 {
		t.Errorf("HEAD of what is not allowed: %s", h.Status)
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS"} {
		if h := do(method, reference); h.StatusCode != 405 {
			t.Errorf("%s: %s", method, h.Status)
		}
	}
	if asked.Load() != 0 {
		t.Errorf("the receiver was asked %d times for nothing", asked.Load())
	}
	if h := do("GET", reference, "Range", "bytes=1000-"); h.StatusCode != 200 || h.Header.Get("Accept-Ranges") != "" || h.Header.Get("Content-Range") != "" {
		t.Errorf("Range: %s %v", h.Status, h.Header)
	}
}

func TestRedirectIsFollowedOnlyWhereAllowed(t *testing.T) {
	var secrets atomic.Int64
	secret := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		secrets.Add(1)
		_, _ = io.WriteString(w, "G secret")
	}))
	defer secret.Close()
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/live/hop" {
			http.Redirect(w, r, secret.URL+"/latest/meta-data", http.StatusTemporaryRedirect)
			return
		}
		if r.URL.Path == "/live/round" {
			http.Redirect(w, r, "/live/round", http.StatusFound)
			return
		}
		if r.Header.Get("Authorization") != "" {
			t.Error("the receiver's password went elsewhere")
		}
		_, _ = io.WriteString(w, "G stream")
	}))
	defer other.Close()
	r := newRig(t, receiver.New(demoLoop(t), nil), func(c *Config) {
		c.Allow = append(c.Allow, mustURL(t, other.URL+"/live"))
		c.Upstream.User = url.UserPassword("user", "secret")
	})
	for target, status := range map[string]int{
		reference + "?fault=redirect&to=" + url.QueryEscape(other.URL+"/live/one.ts"): 200,
		reference + "?fault=redirect&to=" + url.QueryEscape(other.URL+"/live/hop"):    403,
		reference + "?fault=redirect&to=" + url.QueryEscape(secret.URL+"/x"):          403,
		reference + "?fault=redirect&to=" + url.QueryEscape("file:///etc/passwd"):     403,
		"/stream?url=" + url.QueryEscape(other.URL+"/live/one.ts"):                    200,
		"/stream?url=" + url.QueryEscape(other.URL+"/live/hop"):                       403,
		"/stream?url=" + url.QueryEscape(other.URL+"/live/round"):                     502,
		"/stream?url=" + url.QueryEscape(other.URL+"/elsewhere"):                      403,
		"/stream?url=" + url.QueryEscape(secret.URL):                                  403,
		"/stream?url=": 400,
	} {
		if response := get(t, r.url+target); response.StatusCode != status {
			t.Errorf("%s: %s, want %d: %s", target, response.Status, status, text(t, response))
		}
	}
	if secrets.Load() != 0 {
		t.Errorf("the secret place was asked %d times", secrets.Load())
	}
}

func TestPageAndItsHeaders(t *testing.T) {
	r := newRig(t, http.NotFoundHandler(), nil)
	for _, c := range []struct {
		path, contentType string
		status            int
	}{
		{"/", "text/html; charset=utf-8", 200},
		{"/assets/app.js", "text/javascript; charset=utf-8", 200},
		{"/assets/style.css", "text/css; charset=utf-8", 200},
		{"/assets/nothing", "text/plain; charset=utf-8", 404},
		{"/healthz", "text/plain; charset=utf-8", 200},
		{"/api/sessions", "application/json", 200},
		{"/debug/pprof/", "text/plain; charset=utf-8", 404},
		{"/favicon.ico", "text/plain; charset=utf-8", 404},
	} {
		response := get(t, r.url+c.path)
		h := response.Header
		if response.StatusCode != c.status || h.Get("Content-Type") != c.contentType {
			t.Errorf("%s: %s, %s", c.path, response.Status, h.Get("Content-Type"))
		}
		if !strings.HasPrefix(h.Get("Content-Security-Policy"), "default-src 'none';") || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: headers %v", c.path, h)
		}
	}
}

func TestOverviewAndMetricsTellOfASession(t *testing.T) {
	r := newRig(t, receiver.New(demoLoop(t), nil), nil)
	response := get(t, r.url+reference)
	if _, err := io.ReadFull(response.Body, make([]byte, 20_000)); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, response.Body) }()
	var o overview
	eventually(t, "a report in the overview", func() bool {
		if err := json.Unmarshal([]byte(text(t, get(t, r.url+"/api/sessions"))), &o); err != nil {
			t.Fatal(err)
		}
		return len(o.Sessions) == 1 && o.Sessions[0].Report != nil && o.Sessions[0].BitrateIn > 100_000
	})
	s := o.Sessions[0]
	if o.Limit != 50 || s.State != stateStreaming || !strings.HasSuffix(s.Stream, reference) || s.Report.Tracks[0].Codec != "AC-3" {
		t.Errorf("%+v", o)
	}
	metrics := text(t, get(t, r.url+"/metrics"))
	for _, want := range []string{"xg2g_server_streams 1\n", "xg2g_server_streams_limit 50\n", "xg2g_server_streams_started_total 1\n", "go_goroutines"} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %q in the metrics", want)
		}
	}
}

func TestOverviewHidesThePassword(t *testing.T) {
	r := newRig(t, http.NotFoundHandler(), func(c *Config) { c.Upstream.User = url.UserPassword("user", "secret") })
	if got := text(t, get(t, r.url+"/api/sessions")); strings.Contains(got, "secret") || !strings.Contains(got, "user:xxxxx@") {
		t.Error(got)
	}
}

func TestShutdown(t *testing.T) {
	r := newRig(t, receiver.New(demoLoop(t), nil), func(c *Config) { c.Drain = 700 * time.Millisecond })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + listener.Addr().String()
	ctx, signal := context.WithCancel(context.Background())
	defer signal()
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx, listener) }()
	response := get(t, base+reference)
	started := time.Now()
	var stream bytes.Buffer
	ended := make(chan error, 1)
	go func() {
		_, err := io.Copy(&stream, response.Body)
		ended <- err
	}()
	eventually(t, "streaming", func() bool { return r.sessions.count() == 1 })
	signal()
	eventually(t, "draining", r.sessions.isDraining)
	if h := get(t, base+"/healthz"); h.StatusCode != 503 {
		t.Errorf("healthz while draining: %s", h.Status)
	}
	if n := get(t, base+reference); n.StatusCode != 503 || n.Header.Get("Retry-After") == "" {
		t.Errorf("a new stream while draining: %s", n.Status)
	}
	if err := <-ended; err != nil {
		t.Errorf("the stream did not end as it should: %v", err)
	}
	if took := time.Since(started); took < 600*time.Millisecond {
		t.Errorf("the stream ended after %v, before the drain time was over", took)
	}
	if !strings.HasSuffix(stream.String(), tail) {
		t.Error("what the session still held was lost")
	}
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("Run did not return")
	}
	if _, err := http.Get(base + "/healthz"); err == nil {
		t.Error("still answering after Run")
	}
}

func TestShutdownDoesNotWaitForNothing(t *testing.T) {
	r := newRig(t, http.NotFoundHandler(), func(c *Config) { c.Drain = time.Minute })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, signal := context.WithCancel(context.Background())
	signal()
	started := time.Now()
	if err := r.Run(ctx, listener); err != nil || time.Since(started) > 2*time.Second {
		t.Errorf("%v after %v", err, time.Since(started))
	}
}
