// Command xg2g-load runs many real-time sessions through one xg2g-transcode-server and tells how late their chunks come, and what a
// session costs. The receiver and the clients are in this program, the server is a process of its own; all on loopback.
//
// What is late is known exactly: the stream is transcoded once beforehand, which gives the moment at which each byte of output can
// be there at the earliest, and a hash of the output up to there. Each session's bytes must be those, and soon after.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	transcoder "github.com/ManuGH/xg2g-transcoder/go"
	"github.com/ManuGH/xg2g-transcoder/go/internal/receiver"
)

const reference = "/1:0:19:283D:3FB:1:C00000:0:0:0:"

type settings struct {
	sessions       int
	duration       time.Duration
	limit          time.Duration
	stream, plugin string
	languages      string
	server         string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "xg2g-load: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	var s settings
	flags := flag.NewFlagSet("xg2g-load", flag.ContinueOnError)
	flags.IntVar(&s.sessions, "sessions", 100, "streams at once")
	flags.DurationVar(&s.duration, "duration", 20*time.Second, "`time` that they run; 10m for the long test")
	flags.DurationVar(&s.limit, "limit", 50*time.Millisecond, "fail when a chunk is later than this `time`")
	flags.StringVar(&s.stream, "stream", "../tests/demo/demo.ts", "transport stream `FILE` to broadcast")
	flags.StringVar(&s.languages, "languages", "", "transcode only tracks in these `languages`, comma-separated (default: all)")
	flags.StringVar(&s.plugin, "plugin", "", "`path` of transcoder.wasm (default: where the server looks for it)")
	flags.StringVar(&s.server, "server", "", "`program` to test (default: xg2g-transcode-server, built by go build)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	file, err := os.ReadFile(s.stream)
	if err != nil {
		return err
	}
	loop, err := receiver.NewLoop(file)
	if err != nil {
		return err
	}
	if s.plugin, err = transcoder.Find(s.plugin); err != nil {
		return err
	}
	fmt.Printf("%s: a round of %v, %.2f Mbit/s; %d sessions for %v\n", s.stream, loop.Duration(),
		float64(loop.Packets())*188*8/loop.Duration().Seconds()/1e6, s.sessions, s.duration)
	expected, err := expect(ctx, loop, &s)
	if err != nil {
		return err
	}
	server, err := startServer(ctx, &s)
	if err != nil {
		return err
	}
	defer server.stop()
	return load(ctx, &s, loop, expected, server)
}

// air is the receiver, which remembers when each session's stream began.
type air struct {
	mu     sync.Mutex
	epochs map[string]time.Time
}

func (a *air) started(r *http.Request, epoch time.Time, _ int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.epochs[r.URL.Query().Get("session")] = epoch
}

func (a *air) epoch(session int) time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.epochs[strconv.Itoa(session)]
}

func load(ctx context.Context, s *settings, loop *receiver.Loop, expected *expectation, server *server) error {
	a := &air{epochs: map[string]time.Time{}}
	rx := receiver.New(loop, nil)
	rx.Started = a.started
	upstream := &http.Server{Handler: rx, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = upstream.Serve(server.upstream) }()
	defer upstream.Close()

	before, err := server.measure()
	if err != nil {
		return err
	}
	fmt.Printf("before:  %v\n", before)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all sync.WaitGroup
	results := make([]result, s.sessions)
	for i := range results {
		all.Go(func() {
			// Viewers do not come in step.
			time.Sleep(time.Duration(i) * time.Second / time.Duration(s.sessions))
			results[i] = watch(ctx, fmt.Sprintf("%s%s?from=start&session=%d", server.url, reference, i), expected,
				func() time.Time { return a.epoch(i) })
		})
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	if err := server.observe(done, s, before); err != nil {
		return err
	}
	after, err := server.settle(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("after:   %v\n", after)
	return report(s, results)
}

// result is what one session saw.
type result struct {
	late []time.Duration // of each tick's last byte
	err  error
}

// watch takes one session's stream and notes when each tick's output is there.
func watch(ctx context.Context, url string, expected *expectation, epoch func() time.Time) (r result) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return result{err: err}
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return result{err: err}
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 200))
		return result{err: fmt.Errorf("%s: %s", response.Status, text)}
	}
	start := epoch()
	r.late = make([]time.Duration, 0, len(expected.ticks))
	follow := expected.follow()
	buffer := make([]byte, 64<<10)
	for {
		n, err := response.Body.Read(buffer)
		now := time.Now()
		due, ok := follow.take(buffer[:n])
		for _, d := range due {
			r.late = append(r.late, now.Sub(start.Add(d)))
		}
		switch {
		case !ok:
			r.err = errors.New("the output differs from the stream transcoded alone")
			return r
		case follow.finished():
			return r
		case err != nil:
			r.err = fmt.Errorf("ended after %d ticks: %w", len(r.late), err)
			return r
		}
	}
}

func report(s *settings, results []result) error {
	var late []time.Duration
	failed := 0
	for i, r := range results {
		late = append(late, r.late...)
		if r.err != nil {
			failed++
			fmt.Printf("session %d: %v\n", i, r.err)
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d sessions failed", failed, len(results))
	}
	slices.Sort(late)
	at := func(q float64) time.Duration {
		return late[min(int(q*float64(len(late))), len(late)-1)].Round(10 * time.Microsecond)
	}
	over := len(late) - func() int { i, _ := slices.BinarySearch(late, s.limit+1); return i }()
	fmt.Printf("chunks:  %d, late by p50 %v, p99 %v, p99.9 %v, max %v; %d over %v\n",
		len(late), at(0.5), at(0.99), at(0.999), at(1), over, s.limit)
	fmt.Printf("output:  all %d sessions byte for byte as transcoded alone\n", len(results))
	if over > 0 {
		return fmt.Errorf("%d of %d chunks came more than %v late", over, len(late), s.limit)
	}
	return nil
}

// listen gives a port of loopback.
func listen() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }
