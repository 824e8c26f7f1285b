package ffi

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
)

func read(t *testing.T, variable string) []byte {
	t.Helper()
	data, err := os.ReadFile(os.Getenv(variable))
	if err != nil {
		t.Fatalf("%s: %v; run `make test-ffi`", variable, err)
	}
	return data
}

// Streams beside each other, each with the bytes that another host gave.
func TestConcurrentStreams(t *testing.T) {
	input, expected := read(t, "XG2G_FFI_INPUT"), read(t, "XG2G_FFI_EXPECTED")
	var wait sync.WaitGroup
	for _, piece := range []int{192 << 10, 100_000, 4096} {
		wait.Go(func() {
			remuxer, err := New(48000, 2, 192000)
			if err != nil {
				t.Error(err)
				return
			}
			defer remuxer.Close()
			var output []byte
			for rest := input; len(rest) > 0; {
				n := min(piece, len(rest))
				ready, err := remuxer.Process(rest[:n])
				if err != nil {
					t.Error(err)
					return
				}
				output, rest = append(output, ready...), rest[n:]
			}
			ready, err := remuxer.Flush()
			if err != nil {
				t.Error(err)
			}
			if output = append(output, ready...); !bytes.Equal(output, expected) {
				t.Errorf("pieces of %d: %d bytes, other than the %d expected", piece, len(output), len(expected))
			}
		})
	}
	wait.Wait()
}

// Every goroutine fails in its own way, takes the message and logs it: no message is another's, whatever thread ran it.
func TestMessagesAreTheirOwnersAndAreLogged(t *testing.T) {
	const goroutines, rounds = 16, 100
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	var wait sync.WaitGroup
	for number := 1; number <= goroutines; number++ {
		wait.Go(func() {
			own := fmt.Sprintf("invalid-argument: sample_rate %d Hz is", number)
			for range rounds {
				_, err := New(number, 2, 192000)
				if err == nil || !strings.HasPrefix(err.Error(), own) {
					t.Errorf("%v where %q was to come", err, own)
					return
				}
				logger.Error("transcoding failed", "error", err)
			}
		})
	}
	wait.Wait()
	if lines := strings.Count(log.String(), "transcoding failed"); lines != goroutines*rounds {
		t.Errorf("%d lines in the log, not %d", lines, goroutines*rounds)
	}
}

// Several goroutines share a remuxer, which one closes under them.
func TestCloseWhileOthersProcess(t *testing.T) {
	input := read(t, "XG2G_FFI_INPUT")
	for range 5 {
		remuxer, err := New(0, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		var wait sync.WaitGroup
		started := make(chan struct{}, 4)
		for range cap(started) {
			wait.Go(func() {
				started <- struct{}{}
				for {
					if _, err := remuxer.Process(input[:65536]); err != nil {
						if !errors.Is(err, ErrClosed) {
							t.Error(err)
						}
						return
					}
				}
			})
		}
		<-started
		remuxer.Close()
		remuxer.Close()
		wait.Wait()
	}
}
