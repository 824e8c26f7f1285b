// Command xg2g-test-receiver serves a transport stream as an Enigma2 receiver does: endless, at real-time pace, with its
// clocks and counters carried on over the seam of the loop, to any number of clients, and with faults on demand.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/ManuGH/xg2g-transcoder/go/internal/receiver"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "xg2g-test-receiver: %v\n", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("xg2g-test-receiver", flag.ContinueOnError)
	listen := flags.String("listen", "127.0.0.1:8001", "`address` to listen on")
	loops := map[string]*receiver.Loop{}
	flags.Func("service", "serve the file on this path only, `PATH=FILE`; may be given several times", func(s string) error {
		path, file, ok := strings.Cut(s, "=")
		if !ok || !strings.HasPrefix(path, "/") {
			return errors.New("want /PATH=FILE")
		}
		loop, err := load(file)
		loops[path] = loop
		return err
	})
	flags.Usage = func() {
		fmt.Fprintf(flags.Output(), "usage: xg2g-test-receiver [flags] [FILE]\n\nFILE is served on every path that has no -service of its own.\n\nflags:\n")
		flags.PrintDefaults()
		fmt.Fprintf(flags.Output(), "\n%s\n", receiver.Usage)
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	var other *receiver.Loop
	if flags.NArg() == 1 {
		var err error
		if other, err = load(flags.Arg(0)); err != nil {
			return err
		}
	}
	if flags.NArg() > 1 || (other == nil && len(loops) == 0) {
		return errors.New("name one FILE, or a -service for each path; -help tells more")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: receiver.New(other, loops), ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	slog.Info("receiver is on the air", "address", listener.Addr(), "example", "http://"+listener.Addr().String()+"/1:0:19:283D:3FB:1:C00000:0:0:0:")
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func load(file string) (*receiver.Loop, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	loop, err := receiver.NewLoop(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	slog.Info("loop", "file", file, "packets", loop.Packets(), "duration", loop.Duration())
	return loop, nil
}
