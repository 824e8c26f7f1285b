package transcoder_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	transcoder "github.com/ManuGH/xg2g-transcoder/go"
	"github.com/ManuGH/xg2g-transcoder/go/internal/contract"
	"github.com/ManuGH/xg2g-transcoder/go/internal/guesttest"
)

// The examples run on a small plugin that gives back what it is given, so that they need no build of the real one.
var pluginBytes = guesttest.Echo().Component()

func Example() {
	ctx := context.Background()
	plugin, err := transcoder.Load(ctx, pluginBytes, transcoder.Config{NoCache: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = plugin.Close() }()

	upstream := bytes.NewReader([]byte("a stream")) // the receiver's response body
	reader, err := transcoder.NewReader(ctx, plugin, upstream, transcoder.Options{Bitrate: 128_000})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = reader.Close() }()
	if _, err := io.Copy(os.Stdout, reader); err != nil { // to the player
		fmt.Println(err)
	}
	// Output: a stream
}

func ExampleSession_AppendProcess() {
	ctx := context.Background()
	plugin, err := transcoder.Load(ctx, pluginBytes, transcoder.Config{NoCache: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = plugin.Close() }()
	session, err := plugin.Open(ctx, transcoder.Options{Languages: []string{"deu"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = session.Close() }()

	var buffer []byte // used again for each piece
	for _, piece := range []string{"one ", "two ", "three"} {
		if buffer, err = session.AppendProcess(ctx, buffer[:0], []byte(piece)); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s", buffer)
	}
	report, err := session.Report(ctx)
	fmt.Println(report.BytesIn, err)
	// Output: one two three0 <nil>
}

func ExampleTrapError() {
	ctx := context.Background()
	broken := guesttest.Echo().With(contract.Process, guesttest.Unreachable).Component()
	plugin, err := transcoder.Load(ctx, broken, transcoder.Config{NoCache: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = plugin.Close() }()
	session, err := plugin.Open(ctx, transcoder.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = session.Close() }()

	_, err = session.Process(ctx, []byte("a stream"))
	var trap *transcoder.TrapError
	switch {
	case errors.As(err, &trap):
		fmt.Println("trap in", trap.Function, "at byte", trap.Position)
	case errors.Is(err, transcoder.ErrLimit):
		fmt.Println("a limit:", err)
	}
	_, err = session.Process(ctx, []byte("more"))
	fmt.Println(errors.Is(err, transcoder.ErrClosed))
	// Output:
	// trap in process at byte 0
	// true
}

func ExampleLoad_notThePlugin() {
	_, err := transcoder.Load(context.Background(), []byte("<!doctype html>"), transcoder.Config{})
	fmt.Println(errors.Is(err, transcoder.ErrNotComponent))
	fmt.Println(err)
	// Output:
	// true
	// transcoder: not a WebAssembly component: it begins with "<!do", not with "\x00asm"
}
