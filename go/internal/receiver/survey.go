package receiver

import "slices"

// mark is a PCR and the packet that carries it.
type mark struct {
	packet int
	ticks  int64
}

// counter is what the first and the last packet of a PID say.
type counter struct {
	first, last     uint8
	firstHasPayload bool
}

// track is what is known of one elementary stream's timestamps: each one relative to the first, in 90 kHz.
type track struct {
	video bool
	first int64
	times []int64
}

// survey is what one pass over the file finds.
type survey struct {
	pcrs     map[uint16][]mark
	counters map[uint16]*counter
	tracks   map[uint16]*track
}

func newSurvey() *survey {
	return &survey{pcrs: map[uint16][]mark{}, counters: map[uint16]*counter{}, tracks: map[uint16]*track{}}
}

// packet notes the clocks and the counter of the packet p at the offset at.
func (s *survey) packet(l *Loop, at int, p []byte) {
	pid := pidOf(p)
	hasPayload := p[3]&0x10 != 0
	count := p[3] & 0x0f
	if c := s.counters[pid]; c != nil {
		c.last = count
	} else {
		s.counters[pid] = &counter{first: count, last: count, firstHasPayload: hasPayload}
	}
	// A packet that is damaged or scrambled has a header to be read, not a payload.
	payload := 4
	if p[3]&0x20 != 0 {
		length := int(p[4])
		if length >= 7 && length <= 183 && p[5]&0x10 != 0 {
			l.samples = append(l.samples, sample{at + 6, clockPCR})
			s.pcrs[pid] = append(s.pcrs[pid], mark{at / packetSize, pcr(p[6:])})
		}
		payload += 1 + length
	}
	unit := p[1]&0x40 != 0
	clear := p[1]&0x80 == 0 && p[3]&0xc0 == 0
	if !hasPayload || !unit || !clear || payload >= packetSize {
		return
	}
	body := p[payload:]
	if pid == pidPAT {
		pmtPIDs(body, l.psi)
		return
	}
	s.pes(l, at+payload, pid, body)
}

// pes notes the timestamps of a PES header (ISO/IEC 13818-1 §2.4.3.6).
func (s *survey) pes(l *Loop, at int, pid uint16, b []byte) {
	if len(b) < 14 || b[0] != 0 || b[1] != 0 || b[2] != 1 || !hasHeader(b[3]) || b[6]&0xc0 != 0x80 {
		return
	}
	flags := b[7] >> 6
	if flags < 2 || !isTimestamp(b[9:], flags) {
		return
	}
	l.samples = append(l.samples, sample{at + 9, clockTime})
	time := timestamp(b[9:])
	if flags == 3 && len(b) >= 19 && isTimestamp(b[14:], 1) {
		l.samples = append(l.samples, sample{at + 14, clockTime})
		time = timestamp(b[14:])
	}
	video := b[3]&0xf0 == 0xe0
	audio := b[3]&0xe0 == 0xc0 || b[3] == 0xbd || b[3] == 0xfd
	if !video && !audio {
		return
	}
	t := s.tracks[pid]
	if t == nil {
		t = &track{video: video, first: time}
		s.tracks[pid] = t
	}
	t.times = append(t.times, wrapped(time-t.first, ptsWrap))
}

// span is how long the picture lasts in 90 kHz ticks, or the longest sound where there is none; 0 where there is neither.
func (s *survey) span() int64 {
	var picture, sound int64
	for _, t := range s.tracks {
		n := t.span()
		switch {
		case n > maxSpan:
		case t.video:
			picture = max(picture, n)
		default:
			sound = max(sound, n)
		}
	}
	if picture > 0 {
		return picture
	}
	return sound
}

// span is from the first timestamp to the end of the last unit, which is taken to last as long as most do. A few timestamps (a
// subtitle's, say) tell nothing.
func (t *track) span() int64 {
	if len(t.times) < 10 {
		return 0
	}
	times := slices.Sorted(slices.Values(t.times))
	steps := make([]int64, 0, len(times)-1)
	for i := 1; i < len(times); i++ {
		steps = append(steps, times[i]-times[i-1])
	}
	slices.Sort(steps)
	return times[len(times)-1] - times[0] + steps[len(steps)/2]
}

// pmtPIDs adds the PIDs of the PMTs that a PAT section names (ISO/IEC 13818-1 §2.4.4.3).
func pmtPIDs(b []byte, into map[uint16]bool) {
	if 1+int(b[0])+8 > len(b) {
		return
	}
	b = b[1+int(b[0]):]
	end := min(3+(int(b[1])&0x0f)<<8+int(b[2])-4, len(b))
	for at := 8; at+4 <= end; at += 4 {
		if b[at] != 0 || b[at+1] != 0 { // programme 0 is the network PID
			into[uint16(b[at+2]&0x1f)<<8|uint16(b[at+3])] = true
		}
	}
}

// hasHeader tells whether a stream_id's PES has the header with timestamps (ISO/IEC 13818-1 Table 2-21).
func hasHeader(id byte) bool {
	switch id {
	case 0xbc, 0xbe, 0xbf, 0xf0, 0xf1, 0xf2, 0xf8, 0xff:
		return false
	}
	return id >= 0xbc
}

func pidOf(p []byte) uint16 { return uint16(p[1]&0x1f)<<8 | uint16(p[2]) }

func pcr(b []byte) int64 {
	base := int64(b[0])<<25 | int64(b[1])<<17 | int64(b[2])<<9 | int64(b[3])<<1 | int64(b[4])>>7
	return base*300 + int64(b[4]&1)<<8 + int64(b[5])
}

func putPCR(b []byte, v int64) {
	base, ext := v/300, v%300
	b[0], b[1], b[2], b[3] = byte(base>>25), byte(base>>17), byte(base>>9), byte(base>>1)
	b[4] = byte(base<<7) | b[4]&0x7e | byte(ext>>8)
	b[5] = byte(ext)
}

// isTimestamp checks the four bits of prefix and the three marker bits.
func isTimestamp(b []byte, prefix byte) bool {
	return b[0]>>4 == prefix && b[0]&1 == 1 && b[2]&1 == 1 && b[4]&1 == 1
}

func timestamp(b []byte) int64 {
	return int64(b[0]>>1&7)<<30 | int64(b[1])<<22 | int64(b[2]>>1)<<15 | int64(b[3])<<7 | int64(b[4]>>1)
}

// putTimestamp writes the lowest 33 bits of v.
func putTimestamp(b []byte, v int64) {
	b[0] = b[0]&0xf1 | byte(v>>30&7)<<1
	b[1] = byte(v >> 22)
	b[2] = byte(v>>15&0x7f)<<1 | 1
	b[3] = byte(v >> 7)
	b[4] = byte(v&0x7f)<<1 | 1
}
