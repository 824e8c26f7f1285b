package server

import "context"

// Transcoder opens sessions. It is safe for concurrent use.
type Transcoder interface {
	// Open begins a stream.
	Open(ctx context.Context) (Session, error)
	// Version of the plugin.
	Version() string
}

// Session transcodes one stream. One goroutine uses it at a time.
type Session interface {
	// AppendProcess takes the next bytes of the stream and appends the packets that are ready to dst, also beside an error. After
	// an error the session is dead, and a new one has to be opened.
	AppendProcess(ctx context.Context, dst, in []byte) ([]byte, error)
	// AppendFinish says that the stream ends and appends the packets that were waiting.
	AppendFinish(ctx context.Context, dst []byte) ([]byte, error)
	// Report tells what happened so far.
	Report(ctx context.Context) (Report, error)
	// Close frees the session. It may be called more than once.
	Close() error
}

// Report is what the page is told of a session's stream; the fields are those of the contract.
type Report struct {
	PacketsIn        uint64  `json:"packetsIn"`
	PacketsOut       uint64  `json:"packetsOut"`
	Resyncs          uint64  `json:"resyncs"`
	BytesSkipped     uint64  `json:"bytesSkipped"`
	ContinuityErrors uint64  `json:"continuityErrors"`
	TransportErrors  uint64  `json:"transportErrors"`
	ScrambledPackets uint64  `json:"scrambledPackets"`
	CRCErrors        uint64  `json:"crcErrors"`
	Memory           uint64  `json:"memoryBytes"`
	Tracks           []Track `json:"tracks"`
}

// Track is one audio track of a [Report].
type Track struct {
	PID             uint16 `json:"pid"`
	Codec           string `json:"codec"`
	Language        string `json:"language"`
	SampleRate      uint32 `json:"sampleRate"`
	Channels        string `json:"channels"`
	FramesDecoded   uint64 `json:"framesDecoded"`
	FramesConcealed uint64 `json:"framesConcealed"`
	BytesSkipped    uint64 `json:"bytesSkipped"`
	AccessUnits     uint64 `json:"accessUnits"`
	SamplesInserted uint64 `json:"samplesInserted"`
	SamplesDropped  uint64 `json:"samplesDropped"`
	Reanchors       uint64 `json:"reanchors"`
	DriftMicros     int64  `json:"driftMicroseconds"`
}
