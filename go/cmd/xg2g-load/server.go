package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is the program under test.
type server struct {
	command  *exec.Cmd
	url      string
	upstream net.Listener // where it looks for its receiver
	folder   string
}

// usage is what the server's process holds.
type usage struct {
	rss        int64 // bytes
	goroutines int
	files      int
	streams    int
	processor  time.Duration
}

func (u usage) String() string {
	return fmt.Sprintf("%d streams, RSS %.1f MiB, %d goroutines, %d files", u.streams, mebi(u.rss), u.goroutines, u.files)
}

func mebi(n int64) float64 { return float64(n) / (1 << 20) }

func startServer(ctx context.Context, s *settings) (*server, error) {
	folder, err := os.MkdirTemp("", "xg2g-load")
	if err != nil {
		return nil, err
	}
	v := &server{folder: folder}
	if err := v.start(ctx, s); err != nil {
		v.stop()
		return nil, err
	}
	return v, nil
}

func (v *server) start(ctx context.Context, s *settings) error {
	program := s.server
	if program == "" {
		program = filepath.Join(v.folder, "xg2g-transcode-server")
		build := exec.CommandContext(ctx, "go", "build", "-o", program, "github.com/ManuGH/xg2g-transcoder/go/cmd/xg2g-transcode-server")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("go build: %w", err)
		}
	}
	var err error
	if v.upstream, err = listen(); err != nil {
		return err
	}
	own, err := listen()
	if err != nil {
		return err
	}
	address := own.Addr().String()
	if err := own.Close(); err != nil {
		return err
	}
	v.url = "http://" + address
	v.command = exec.Command(program, "--listen", address, "--upstream", "http://"+v.upstream.Addr().String(),
		"--max-sessions", strconv.Itoa(s.sessions), "--plugin", s.plugin, "--languages", s.languages, "--drain-timeout", "0s", "--log-level", "warn")
	v.command.Stderr = os.Stderr
	// Signals are for this program, which then ends the server.
	v.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := v.command.Start(); err != nil {
		return err
	}
	for range 300 {
		if response, err := http.Get(v.url + "/healthz"); err == nil {
			return response.Body.Close()
		}
		time.Sleep(100 * time.Millisecond)
	}
	return errors.New("the server does not answer")
}

func (v *server) stop() {
	if v.command != nil && v.command.Process != nil {
		_ = v.command.Process.Signal(syscall.SIGTERM)
		_ = v.command.Wait()
	}
	if v.upstream != nil {
		_ = v.upstream.Close()
	}
	_ = os.RemoveAll(v.folder)
}

// measure asks the server's own metrics.
func (v *server) measure() (usage, error) {
	response, err := http.Get(v.url + "/metrics")
	if err != nil {
		return usage{}, err
	}
	defer response.Body.Close()
	values := map[string]float64{}
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		name, text, _ := strings.Cut(lines.Text(), " ")
		if value, err := strconv.ParseFloat(text, 64); err == nil {
			values[name] = value
		}
	}
	return usage{
		rss:        int64(values["process_resident_memory_bytes"]),
		goroutines: int(values["go_goroutines"]),
		files:      int(values["process_open_fds"]),
		streams:    int(values["xg2g_server_streams"]),
		processor:  time.Duration(values["process_cpu_seconds_total"] * float64(time.Second)),
	}, nil
}

// observe measures the server while the sessions run, and tells what each costs and whether that grows.
func (v *server) observe(done <-chan struct{}, s *settings, before usage) error {
	const warmUp = 5 * time.Second
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	started := time.Now()
	var first, last usage
	var firstAt, lastAt time.Time
	peak := int64(0)
	for {
		select {
		case <-done:
			if firstAt.IsZero() {
				return nil // too short, or failed: the sessions tell
			}
			n := int64(max(last.streams, 1))
			share := (last.processor - first.processor).Seconds() / max(lastAt.Sub(firstAt).Seconds(), 1)
			fmt.Printf("running: %v\n", last)
			fmt.Printf("memory:  RSS per session %.0f KiB; %.1f MiB after %v, %.1f MiB at the end, peak %.1f MiB\n",
				float64(last.rss-before.rss)/float64(n)/1024, mebi(first.rss), firstAt.Sub(started).Round(time.Second), mebi(last.rss), mebi(peak))
			fmt.Printf("CPU:     %.2f cores for the server, %.2f %% of a core per session\n", share, 100*share/float64(n))
			return nil
		case <-ticker.C:
		}
		u, err := v.measure()
		if err != nil {
			return err
		}
		if u.streams < s.sessions || time.Since(started) < warmUp {
			continue
		}
		if firstAt.IsZero() {
			first, firstAt = u, time.Now()
		}
		last, lastAt = u, time.Now()
		peak = max(peak, u.rss)
	}
}

// settle waits until the server has let all sessions go.
func (v *server) settle(ctx context.Context) (usage, error) {
	for range 100 {
		u, err := v.measure()
		if err != nil || u.streams == 0 {
			return u, err
		}
		select {
		case <-ctx.Done():
			return u, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return usage{}, errors.New("sessions are left after ten seconds")
}
