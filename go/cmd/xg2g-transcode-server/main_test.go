package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ManuGH/xg2g-transcoder/go/internal/receiver"
	"github.com/ManuGH/xg2g-transcoder/go/internal/server"
)

func TestNothingToServe(t *testing.T) {
	if err := run(nil); !errors.Is(err, server.ErrNothingToServe) {
		t.Errorf("%v", err)
	}
}

func TestMissingPlugin(t *testing.T) {
	err := run([]string{"--upstream=http://127.0.0.1:1", "--plugin=/nowhere/transcoder.wasm"})
	if err == nil || !strings.Contains(err.Error(), "/nowhere/transcoder.wasm") {
		t.Errorf("%v", err)
	}
}

// The program as it is used: a stream, its metrics, and SIGTERM, after which the stream ends as it should and the program too.
func TestFromStartToSignal(t *testing.T) {
	plugin := os.Getenv("XG2G_PLUGIN")
	if plugin == "" {
		plugin = "../../../dist/transcoder.wasm"
	}
	if _, err := os.Stat(plugin); err != nil {
		t.Skipf("SKIPPED: no plugin; run make build first: %v", err)
	}
	file, err := os.ReadFile("../../../tests/demo/demo.ts")
	if err != nil {
		t.Fatal(err)
	}
	loop, err := receiver.NewLoop(file)
	if err != nil {
		t.Fatal(err)
	}
	rx := httptest.NewServer(receiver.New(loop, nil))
	defer rx.Close()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()
	done := make(chan error, 1)
	go func() {
		done <- run([]string{
			"--upstream", rx.URL, "--listen", address, "--plugin", plugin, "--cache", t.TempDir(), "--drain-timeout=300ms", "--log-level=error",
		})
	}()
	base := "http://" + address
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if response, err := http.Get(base + "/healthz"); err == nil {
			response.Body.Close()
			break
		}
		select {
		case err := <-done:
			t.Fatalf("ended before it served: %v", err)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatal("does not answer")
		}
	}
	response, err := http.Get(base + "/1:0:19:283D:3FB:1:C00000:0:0:0:")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.ReadFull(response.Body, make([]byte, 188*500)); err != nil {
		t.Fatal(err)
	}
	page, err := http.Get(base + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	metrics, err := io.ReadAll(page.Body)
	page.Body.Close()
	for _, want := range []string{"xg2g_server_streams 1\n", "xg2g_transcoder_sessions 1\n", "xg2g_transcoder_bytes_input_total "} {
		if err != nil || !bytes.Contains(metrics, []byte(want)) {
			t.Errorf("no %q in the metrics, %v", want, err)
		}
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(response.Body)
	if err != nil || len(rest)%188 != 0 {
		t.Errorf("the stream ended after %d more bytes with %v", len(rest), err)
	}
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("still there ten seconds after SIGTERM")
	}
}
