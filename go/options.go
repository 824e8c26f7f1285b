package transcoder

import (
	"fmt"
	"unicode/utf8"
)

// Options say what a session does. The zero value is the default of everything. What is outside its range is
// [ErrInvalidOption] when a session is opened.
type Options struct {
	// Bitrate is that of each AAC track in bits per second: 16,000 to 576,000, and at most 6,144 bits for each channel and
	// access unit. Default 0: 192,000 for stereo and 96,000 for mono.
	Bitrate uint32
	// Channels is how many channels each AAC track has. Default: stereo.
	Channels Channels
	// DualMono is what is heard of a track that carries two programmes. Default: both.
	DualMono DualMono
	// DynamicRange is how far a stream's own dynamic range control is followed. Default: line.
	DynamicRange DynamicRange
	// PIDs are those whose tracks are transcoded, 16 to 8190. Default: every PID.
	PIDs []uint16
	// Languages are those whose tracks are transcoded, as three letters of ISO 639-2 in any case. Default: every language,
	// and none.
	Languages []string
}

// Channels is how many channels an AAC track has.
type Channels uint8

// What Channels can be.
const (
	// ChannelsDefault is Stereo.
	ChannelsDefault Channels = iota
	// Stereo is two: what is mono comes out of both, what is multichannel is mixed down (ATSC A/52 §7.8).
	Stereo
	// Mono is one.
	Mono
)

// DualMono is what is heard of a track with two programmes in one (acmod 0, or MPEG dual channel).
type DualMono uint8

// What DualMono can be.
const (
	// DualMonoDefault is DualMonoBoth.
	DualMonoDefault DualMono = iota
	// DualMonoBoth plays the first programme left, the second right.
	DualMonoBoth
	// DualMonoFirst plays only the first programme.
	DualMonoFirst
	// DualMonoSecond plays only the second programme.
	DualMonoSecond
)

// DynamicRange is how far a stream's own dynamic range control is followed (ATSC A/52 §7.7). MPEG audio carries none.
type DynamicRange uint8

// What DynamicRange can be.
const (
	// DynamicRangeDefault is DynamicRangeLine.
	DynamicRangeDefault DynamicRange = iota
	// DynamicRangeOff leaves the full range.
	DynamicRangeOff
	// DynamicRangeLine follows dynrng, as a decoder does by default.
	DynamicRangeLine
	// DynamicRangeRF follows compr where it exists, else dynrng: a narrow range, for small speakers and late evenings.
	DynamicRangeRF
)

// check refuses what cannot be said in the contract's types. Ranges are the plugin's to check.
func (o *Options) check() error {
	bad := func(format string, args ...any) error {
		return &Error{Kind: ErrInvalidOption, Message: fmt.Sprintf(format, args...), Call: "open"}
	}
	switch {
	case o.Channels > Mono:
		return bad("Channels is %d; take Stereo or Mono", o.Channels)
	case o.DualMono > DualMonoSecond:
		return bad("DualMono is %d; take DualMonoBoth, DualMonoFirst or DualMonoSecond", o.DualMono)
	case o.DynamicRange > DynamicRangeRF:
		return bad("DynamicRange is %d; take DynamicRangeOff, DynamicRangeLine or DynamicRangeRF", o.DynamicRange)
	case len(o.PIDs) > maxPIDs:
		return bad("%d PIDs are named; there are %d", len(o.PIDs), maxPIDs)
	case len(o.Languages) > maxLanguages:
		return bad("%d languages are named; %d are the most", len(o.Languages), maxLanguages)
	}
	for _, language := range o.Languages {
		if len(language) > maxLanguageBytes || !utf8.ValidString(language) {
			return bad("language %.20q is no three letters of ISO 639-2", language)
		}
	}
	return nil
}

// maxPIDs is how many PIDs there are (ISO/IEC 13818-1 §2.4.3.3: 13 bits); the others keep a list within a page or two.
const (
	maxPIDs          = 1 << 13
	maxLanguages     = 1 << 10
	maxLanguageBytes = 1 << 8
)
