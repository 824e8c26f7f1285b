// Package receiver is a test upstream: it behaves like an Enigma2 receiver's stream port, but what it broadcasts is a short
// file, looped at real-time pace with its clocks and counters carried on over the seam, and it can be told to misbehave.
package receiver

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"time"
)

// ISO/IEC 13818-1 §2.4.3: the packet, and the clocks of §2.4.2.1 with the values at which they wrap.
const (
	packetSize = 188
	syncByte   = 0x47
	pidPAT     = 0x0000
	pidNull    = 0x1fff

	ticksPerSecond = 27_000_000          // system clock
	ptsWrap        = int64(1) << 33      // of 90 kHz
	pcrWrap        = ptsWrap * 300       // of 27 MHz
	maxPCRGap      = ticksPerSecond      // a longer step between two PCRs is taken for a jump, not for time that passed
	maxSpan        = 3600 * int64(90000) // a file's timestamps must lie within an hour
)

// What [NewLoop] says of a file that cannot be looped.
var (
	ErrNotTransportStream = errors.New("not a transport stream of 188-byte packets")
	ErrNoClock            = errors.New("no PID with two PCRs: nothing to pace the stream by")
)

// clock says which kind of clock sample stands at an offset.
type clock uint8

const (
	clockPCR  clock = iota // six bytes: 33 bits, 6 reserved, 9 bits of extension
	clockTime              // five bytes: a PTS or a DTS with its marker bits
)

// sample is one clock value in the file, which every round of the loop moves on.
type sample struct {
	offset int
	kind   clock
}

// Loop is a transport stream made endless: round k is the file with k times its duration added to every PCR, PTS and DTS and
// with continuity counters that go on from round k-1. It is immutable and safe for concurrent use.
type Loop struct {
	data     []byte
	samples  []sample
	due      []int64 // of each packet, in 27 MHz ticks since the start of a round
	duration int64   // of a round, in 27 MHz ticks
	step     [8192]uint8
	psi      map[uint16]bool
}

// NewLoop takes a whole transport stream of 188-byte packets. What is cut off at its end is left away. A round lasts as long as
// the picture does (or the longest sound, where there is no picture), so that a file made to fit loops without a seam.
func NewLoop(file []byte) (*Loop, error) {
	data := slices.Clone(file[:len(file)/packetSize*packetSize])
	if len(data) == 0 {
		return nil, fmt.Errorf("%w: %d bytes", ErrNotTransportStream, len(file))
	}
	l := &Loop{data: data, psi: map[uint16]bool{pidPAT: true}}
	s := newSurvey()
	for at := 0; at < len(data); at += packetSize {
		p := data[at : at+packetSize]
		if p[0] != syncByte {
			return nil, fmt.Errorf("%w: byte %d is %#02x, not the sync byte", ErrNotTransportStream, at, p[0])
		}
		s.packet(l, at, p)
	}
	if err := l.pace(s); err != nil {
		return nil, err
	}
	for pid, c := range s.counters {
		step := c.last - c.first
		if c.firstHasPayload {
			step++
		}
		if pid != pidNull {
			l.step[pid] = step & 0x0f
		}
	}
	return l, nil
}

// Duration of one round.
func (l *Loop) Duration() time.Duration { return ticks(l.duration) }

// Packets in one round.
func (l *Loop) Packets() int { return len(l.due) }

// Due says when the packet number n, counted over all rounds, leaves, measured from the start of the first.
func (l *Loop) Due(n int64) time.Duration {
	round, i := n/int64(len(l.due)), n%int64(len(l.due))
	return ticks(round*l.duration + l.due[i])
}

// At is the number of the first packet, counted over all rounds, that leaves later than t.
func (l *Loop) At(t time.Duration) int64 {
	if t < 0 {
		return 0
	}
	at := int64(t)/1000*27 + int64(t)%1000*27/1000
	round, in := at/l.duration, at%l.duration
	i := sort.Search(len(l.due), func(i int) bool { return l.due[i] > in })
	return round*int64(len(l.due)) + int64(i)
}

// Append appends the packets from up to (not including) to, both counted over all rounds.
func (l *Loop) Append(dst []byte, from, to int64) []byte {
	n := int64(len(l.due))
	for from < to {
		round, first := from/n, from%n
		count := min(to-from, n-first)
		dst = l.appendRound(dst, round, int(first), int(first+count))
		from += count
	}
	return dst
}

// IsPSI tells whether a packet is one of those that a player finds the programmes by: the PAT and the PMTs.
func (l *Loop) IsPSI(packet []byte) bool { return l.psi[pidOf(packet)] }

func (l *Loop) appendRound(dst []byte, round int64, first, end int) []byte {
	start := len(dst)
	dst = append(dst, l.data[first*packetSize:end*packetSize]...)
	out := dst[start:]
	if round == 0 {
		return dst
	}
	for at := 0; at < len(out); at += packetSize {
		step := l.step[pidOf(out[at:])]
		out[at+3] = out[at+3]&0xf0 | (out[at+3]+step*uint8(round&0x0f))&0x0f
	}
	base := first * packetSize
	i := sort.Search(len(l.samples), func(i int) bool { return l.samples[i].offset >= base })
	for ; i < len(l.samples) && l.samples[i].offset < end*packetSize; i++ {
		b := out[l.samples[i].offset-base:]
		switch l.samples[i].kind {
		case clockPCR:
			putPCR(b, (pcr(b)+round*l.duration)%pcrWrap)
		case clockTime:
			putTimestamp(b, timestamp(b)+round*(l.duration/300))
		}
	}
	return dst
}

// pace finds the duration of a round and when in it each packet is due, by the PCRs of the PID that has most of them.
func (l *Loop) pace(s *survey) error {
	var marks []mark
	for _, m := range s.pcrs {
		if len(m) > len(marks) {
			marks = m
		}
	}
	if len(marks) < 2 {
		return ErrNoClock
	}
	// Ticks and packets between PCRs that follow one another as they should give the rate, for use where they do not.
	var ticks, packets int64
	for i := 1; i < len(marks); i++ {
		if d := wrapped(marks[i].ticks-marks[i-1].ticks, pcrWrap); d > 0 && d <= maxPCRGap {
			ticks += d
			packets += int64(marks[i].packet - marks[i-1].packet)
		}
	}
	if ticks == 0 {
		return ErrNoClock
	}
	count := len(l.data) / packetSize
	l.due = make([]int64, count)
	now := int64(marks[0].packet) * ticks / packets
	fill := func(from, to int, start, step, over int64) {
		for i := from; i < to; i++ {
			l.due[i] = start + int64(i-from)*step/over
		}
	}
	fill(0, marks[0].packet, 0, ticks, packets)
	for i := 1; i < len(marks); i++ {
		span := int64(marks[i].packet - marks[i-1].packet)
		d := wrapped(marks[i].ticks-marks[i-1].ticks, pcrWrap)
		if d <= 0 || d > maxPCRGap {
			d = span * ticks / packets
		}
		fill(marks[i-1].packet, marks[i].packet, now, d, span)
		now += d
	}
	last := marks[len(marks)-1].packet
	fill(last, count, now, ticks, packets)
	l.duration = now + int64(count-last)*ticks/packets
	// Where the two differ much, the timestamps are few or damaged.
	if span := s.span() * 300; span > l.duration*3/4 && span < l.duration*5/4 {
		l.duration = span
	}
	// Whole 90 kHz ticks, so that the PCR and the timestamps stay as far apart as they are in the file.
	l.duration -= l.duration % 300
	if l.duration <= 0 {
		return ErrNoClock
	}
	for i := range l.due {
		l.due[i] = min(l.due[i], l.duration)
	}
	return nil
}

func ticks(n int64) time.Duration {
	return time.Duration(n/27*1000 + n%27*1000/27)
}

// wrapped is the difference d of two clock values, taken the short way round.
func wrapped(d, wrap int64) int64 {
	d %= wrap
	switch {
	case d > wrap/2:
		return d - wrap
	case d < -wrap/2:
		return d + wrap
	}
	return d
}
