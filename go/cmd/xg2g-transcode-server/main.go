// Command xg2g-transcode-server serves the streams of an Enigma2 receiver with their sound as AAC, so that browsers, phones and
// TVs play them with sound. See --help.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/ManuGH/xg2g-transcoder/go/internal/server"
	"github.com/ManuGH/xg2g-transcoder/go/metrics"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "xg2g-transcode-server: %v\n", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	config, err := server.ParseConfig(args, os.LookupEnv, os.Stdout)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// After the first signal the streams run out; a second one ends the program as it does any other.
	context.AfterFunc(ctx, stop)

	collector := metrics.New()
	plugin, err := server.LoadPlugin(ctx, config, collector)
	if err != nil {
		return err
	}
	defer plugin.Close()
	s, err := server.New(config, plugin, collector)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", config.Listen)
	if err != nil {
		return err
	}
	receiver := "none"
	if config.Upstream != nil {
		receiver = config.Upstream.Redacted()
	}
	config.Log.Info("serving", "address", listener.Addr(), "receiver", receiver, "allowed", len(config.Allow), "sessions", config.MaxSessions)
	return s.Run(ctx, listener)
}
