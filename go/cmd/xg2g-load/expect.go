package main

import (
	"context"
	"fmt"
	"hash/crc64"
	"sort"
	"strings"
	"syscall"
	"time"

	transcoder "github.com/ManuGH/xg2g-transcoder/go"
	"github.com/ManuGH/xg2g-transcoder/go/internal/receiver"
)

var table = crc64.MakeTable(crc64.ECMA)

// expectation is the stream's output when it is transcoded alone: how much of it there can be after each tick of the receiver's.
type expectation struct {
	ticks []tick
}

// tick is a moment at which output becomes possible.
type tick struct {
	due time.Duration // since the stream's start
	end int64         // bytes of output that are possible then
	sum uint64        // CRC of all of them
}

// expect transcodes the loop's first rounds as the receiver sends them, as fast as it goes.
func expect(ctx context.Context, loop *receiver.Loop, s *settings) (*expectation, error) {
	plugin, err := transcoder.LoadFile(ctx, s.plugin, transcoder.Config{})
	if err != nil {
		return nil, err
	}
	defer plugin.Close()
	var options transcoder.Options
	if s.languages != "" {
		options.Languages = strings.Split(s.languages, ",")
	}
	session, err := plugin.Open(ctx, options)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	e := &expectation{}
	var in, out []byte
	var end int64
	var sum uint64
	next := int64(0)
	started := processorTime()
	for due := time.Duration(0); due <= s.duration; due += receiver.Tick {
		to := loop.At(due)
		in = loop.Append(in[:0], next, to)
		next = to
		if out, err = session.AppendProcess(ctx, out[:0], in); err != nil {
			return nil, err
		}
		if len(out) == 0 {
			continue
		}
		end += int64(len(out))
		sum = crc64.Update(sum, table, out)
		e.ticks = append(e.ticks, tick{due, end, sum})
	}
	took := processorTime() - started
	fmt.Printf("alone:   %v of processor time, %.2f %% of a core; %d KiB of sandbox memory\n", took.Round(time.Millisecond),
		100*took.Seconds()/s.duration.Seconds(), session.Memory()>>10)
	return e, nil
}

// follower compares one session's output with what is expected.
type follower struct {
	ticks []tick
	at    int64
	sum   uint64
	due   []time.Duration
}

func (e *expectation) follow() *follower { return &follower{ticks: e.ticks} }

func (f *follower) finished() bool { return len(f.ticks) == 0 }

// take takes the next bytes of output and gives the ticks that are complete with them; false when the bytes are not the right ones.
func (f *follower) take(b []byte) ([]time.Duration, bool) {
	f.due = f.due[:0]
	complete := sort.Search(len(f.ticks), func(i int) bool { return f.ticks[i].end > f.at+int64(len(b)) })
	for _, t := range f.ticks[:complete] {
		piece := b[:t.end-f.at]
		f.sum = crc64.Update(f.sum, table, piece)
		if f.sum != t.sum {
			return f.due, false
		}
		f.at, b = t.end, b[len(piece):]
		f.due = append(f.due, t.due)
	}
	f.ticks = f.ticks[complete:]
	f.sum = crc64.Update(f.sum, table, b)
	f.at += int64(len(b))
	return f.due, true
}

// processorTime is what this process has used of the processor.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
