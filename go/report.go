package transcoder

import "time"

// Report says what happened in a session so far. Counters start at 0 when it is opened.
type Report struct {
	// BytesIn were taken in.
	BytesIn uint64
	// BytesOut were given out.
	BytesOut uint64
	// PacketsIn is how many whole packets were taken in.
	PacketsIn uint64
	// PacketsOut is how many packets were given out.
	PacketsOut uint64
	// Resyncs is how often packet synchronisation was lost and found again.
	Resyncs uint64
	// BytesSkipped belonged to no packet.
	BytesSkipped uint64
	// ContinuityErrors are packets whose continuity_counter was not the next one (ISO/IEC 13818-1 §2.4.3.3), on any transcoded
	// PID.
	ContinuityErrors uint64
	// TransportErrors are packets with transport_error_indicator.
	TransportErrors uint64
	// ScrambledPackets are packets that are scrambled.
	ScrambledPackets uint64
	// CRCErrors are PSI sections with a wrong CRC.
	CRCErrors uint64
	// Memory is the peak of the linear memory in bytes, code's own data and stack included.
	Memory uint64
	// Tracks are the audio tracks, in the order of their PIDs.
	Tracks []TrackReport
}

// TrackReport says what happened on one audio track so far.
type TrackReport struct {
	// PID carries the track.
	PID uint16
	// Codec is what the frames are: "AC-3", "MPEG-1 Layer II", ….
	Codec string
	// Language is the ISO 639-2 code from the PMT; empty for none.
	Language string
	// SampleRate is the sampling frequency of the last frame in Hz; 0 before the first.
	SampleRate uint32
	// Channels are those of the last frame: "mono", "stereo", "5.1", …; empty before the first.
	Channels string
	// FramesDecoded were decoded without fault.
	FramesDecoded uint64
	// FramesConcealed were damaged or lost and replaced by concealment.
	FramesConcealed uint64
	// BytesSkipped lay between frames and belonged to none.
	BytesSkipped uint64
	// AccessUnits is how many AAC access units were written.
	AccessUnits uint64
	// SamplesInserted is how many samples of silence or concealment were put in to keep step with the picture.
	SamplesInserted uint64
	// SamplesDropped is how many samples were taken out to keep step with the picture.
	SamplesDropped uint64
	// Reanchors is how often the track's clock jumped and the timeline was anchored anew.
	Reanchors uint64
	// Drift is how far the source's PTS is ahead (+) or behind (−) of the sample count at the last PTS, in microseconds'
	// resolution.
	Drift time.Duration
}

// Inspection says what a stream holds.
type Inspection struct {
	// PacketSize is how many bytes a packet has on the wire: 188, 192 (with time stamps) or 204 (with parity).
	PacketSize uint16
	// Packets is how many whole packets are in the input.
	Packets uint64
	// Programs are the programmes, in the order of their numbers.
	Programs []Program
}

// Program is one programme of a stream.
type Program struct {
	// Number is program_number.
	Number uint16
	// PMTPID is the PID of its PMT.
	PMTPID uint16
	// PCRPID is the PID of its PCR; 0 when the PMT says there is none.
	PCRPID uint16
	// Tracks are its elementary streams, in the PMT's order.
	Tracks []Track
}

// Track is one elementary stream of a programme.
type Track struct {
	// PID carries it.
	PID uint16
	// StreamType is stream_type of the PMT (ISO/IEC 13818-1 Table 2-34).
	StreamType uint8
	// Format is what it is, in words: from its first frames where it is sound, from the PMT otherwise.
	Format string
	// Language is the ISO 639-2 code from the PMT; empty for none.
	Language string
	// SampleRate is the sampling frequency of the first frame in Hz; 0 where it is not known.
	SampleRate uint32
	// Channels are those of the first frame: "mono", "stereo", "5.1", …; empty where they are not known.
	Channels string
	// Bitrate is what the first frame states in bits per second; 0 where it is not known.
	Bitrate uint32
	// Packets is how many packets of this PID are in the input.
	Packets uint64
	// Action is what would be done.
	Action Action
	// Reason is why.
	Reason string
}

// Action is what becomes of a track.
type Action uint8

// What Action can be.
const (
	// ActionTranscode means that its sound leaves as AAC-LC.
	ActionTranscode Action = iota
	// ActionPass means that it leaves as it came.
	ActionPass
)

// String is "transcode" or "pass".
func (a Action) String() string {
	if a == ActionTranscode {
		return "transcode"
	}
	return "pass"
}
