// Package remuxer keeps the interface that xg2g's server has always had to its audio transcoder, on top of the sandboxed plugin.
//
// A program changes its import and goes on. What is new, contexts, typed errors, reports, and the end of a stream, is in the
// package above this one, which new programs want to use.
package remuxer

import (
	"context"
	"errors"
	"fmt"
	"sync"

	transcoder "github.com/ManuGH/xg2g-transcoder/go"
	"github.com/ManuGH/xg2g-transcoder/go/embedded"
)

// The errors of a caller's mistake, with the texts that the server has always logged.
var (
	ErrEmptyInput = errors.New("input is empty")
	ErrClosed     = errors.New("remuxer is closed")
)

// RustAudioRemuxer transcodes the sound of one stream. It is safe for concurrent use; calls come one after the other. One that is
// forgotten without Close is closed by the garbage collector.
type RustAudioRemuxer struct {
	session                       *transcoder.Session
	sampleRate, channels, bitrate int
}

// Use makes all further remuxers run on this plugin. Without it they share one that is loaded when the first is made: the
// embedded one where there is one, else what [transcoder.Find] finds.
func Use(plugin *transcoder.Plugin) {
	shared.Lock()
	defer shared.Unlock()
	shared.plugin = plugin
}

// shared is the plugin of all remuxers.
var shared struct {
	sync.Mutex
	plugin *transcoder.Plugin
}

func load(ctx context.Context) (*transcoder.Plugin, error) {
	shared.Lock()
	defer shared.Unlock()
	if shared.plugin != nil {
		return shared.plugin, nil
	}
	plugin, err := loadDefault(ctx)
	if err == nil {
		shared.plugin = plugin
	}
	return plugin, err
}

func loadDefault(ctx context.Context) (*transcoder.Plugin, error) {
	if file := embedded.Plugin(); file != nil {
		return transcoder.Load(ctx, file, transcoder.Config{})
	}
	path, err := transcoder.Find("")
	if err != nil {
		return nil, err
	}
	return transcoder.LoadFile(ctx, path, transcoder.Config{})
}

// NewRustAudioRemuxer makes a remuxer for one stream.
//
//   - sampleRate in Hz must be one that AAC has. Sound keeps the rate that it was broadcast with, so this is not otherwise used.
//   - channels of the AAC: 1 or 2. More, which the server passes for surround sound, become 2.
//   - bitrate of the AAC in bits per second; 16,000 to 576,000.
func NewRustAudioRemuxer(sampleRate, channels, bitrate int) (*RustAudioRemuxer, error) {
	ctx := context.Background()
	options := transcoder.Options{Channels: transcoder.Stereo}
	switch {
	case !sampleRates[sampleRate]:
		return nil, fmt.Errorf("%w: sample rate %d Hz is none of AAC's; take 48000", transcoder.ErrInvalidOption, sampleRate)
	case channels < 1 || channels > maxChannels:
		return nil, fmt.Errorf("%w: %d channels; take 1 or 2", transcoder.ErrInvalidOption, channels)
	case bitrate < 1 || bitrate > maxBitrate:
		return nil, fmt.Errorf("%w: bitrate %d; take 192000", transcoder.ErrInvalidOption, bitrate)
	case channels == 1:
		options.Channels = transcoder.Mono
	}
	options.Bitrate = uint32(bitrate)
	plugin, err := load(ctx)
	if err != nil {
		return nil, fmt.Errorf("failed to initialize Rust audio remuxer: %w", err)
	}
	session, err := plugin.Open(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("failed to initialize Rust audio remuxer: %w", err)
	}
	return &RustAudioRemuxer{session, sampleRate, channels, bitrate}, nil
}

// maxChannels are those of 7.1, maxBitrate what the plugin takes; both only sort out what is no number of them at all.
const (
	maxChannels = 8
	maxBitrate  = 576_000
)

// sampleRates are those of AAC (ISO/IEC 14496-3 Table 1.18).
var sampleRates = map[int]bool{
	96000: true, 88200: true, 64000: true, 48000: true, 44100: true, 32000: true, 24000: true, 22050: true, 16000: true,
	12000: true, 11025: true, 8000: true, 7350: true,
}

// Process takes the next bytes of the stream, as one read of the upstream gave them, and returns the packets that are ready, which
// may be none. What carries no sound passes through. The error wraps one of the package above.
func (r *RustAudioRemuxer) Process(input []byte) ([]byte, error) {
	if len(input) == 0 {
		if r.session.Closed() {
			return nil, ErrClosed
		}
		return nil, ErrEmptyInput
	}
	output, err := r.session.Process(context.Background(), input)
	switch {
	case errors.Is(err, transcoder.ErrClosed) && r.session.Closed():
		return nil, ErrClosed
	case err != nil:
		return nil, fmt.Errorf("remuxing failed: %w", err)
	}
	return output, nil
}

// Close frees what the remuxer holds. It may be called again.
func (r *RustAudioRemuxer) Close() error { return r.session.Close() }

// Config returns what the remuxer was made with.
func (r *RustAudioRemuxer) Config() (sampleRate, channels, bitrate int) {
	return r.sampleRate, r.channels, r.bitrate
}

// Version is the plugin's, or empty where there is none.
func Version() string {
	ctx := context.Background()
	plugin, err := load(ctx)
	if err != nil {
		return ""
	}
	version, err := plugin.Version(ctx)
	if err != nil {
		return ""
	}
	return version
}
