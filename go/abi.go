package transcoder

import (
	"encoding/binary"
	"time"

	"github.com/ManuGH/xg2g-transcoder/go/internal/canonical"
)

// The records of wit/transcoder.wit as the canonical ABI lays them out: size and alignment in bytes. A record's fields stand in
// the contract's order, each at the next multiple of its own alignment.
const (
	resultAlign, resultSize                     = 4, 12 // result<list<u8>, string>, result<session, string>
	stringAlign, stringSize                     = 4, 8
	reportAlign, reportSize                     = 8, 96
	trackReportAlign, trackReportSize           = 8, 104
	inspectionResultAlign, inspectionResultSize = 8, 32 // result<inspection, string>
	programAlign, programSize                   = 4, 16
	trackAlign, trackSize                       = 8, 80
)

// allocate asks the plugin for memory and returns where it is, and a view of it that holds until the next call.
type allocate func(alignment, size uint32) (pointer uint32, view []byte, err error)

// lowerOptions flattens the record options, whose lists go into the plugin's memory.
func lowerOptions(o *Options, alloc allocate) ([]uint32, error) {
	flat := make([]uint32, 0, 14)
	option := func(some bool, value uint32) {
		if some {
			flat = append(flat, 1, value)
		} else {
			flat = append(flat, 0, 0)
		}
	}
	// An enumeration's zero is "default" here and the first case there.
	option(o.Bitrate != 0, o.Bitrate)
	option(o.Channels != ChannelsDefault, uint32(o.Channels-Stereo))
	option(o.DualMono != DualMonoDefault, uint32(o.DualMono-DualMonoBoth))
	option(o.DynamicRange != DynamicRangeDefault, uint32(o.DynamicRange-DynamicRangeOff))

	pids, view, err := alloc(2, uint32(2*len(o.PIDs)))
	if err != nil {
		return nil, err
	}
	for n, pid := range o.PIDs {
		binary.LittleEndian.PutUint16(view[2*n:], pid)
	}
	flat = append(flat, pids, uint32(len(o.PIDs)))

	strings := make([]uint32, 0, 2*len(o.Languages))
	for _, language := range o.Languages {
		pointer, view, err := alloc(1, uint32(len(language)))
		if err != nil {
			return nil, err
		}
		copy(view, language)
		strings = append(strings, pointer, uint32(len(language)))
	}
	languages, view, err := alloc(stringAlign, uint32(stringSize*len(o.Languages)))
	if err != nil {
		return nil, err
	}
	for n, word := range strings {
		binary.LittleEndian.PutUint32(view[4*n:], word)
	}
	return append(flat, languages, uint32(len(o.Languages))), nil
}

func liftReport(l *canonical.Lifter, pointer uint32) Report {
	f := l.Record(pointer, reportAlign, reportSize, "a report")
	r := Report{
		BytesIn:          f.U64(),
		BytesOut:         f.U64(),
		PacketsIn:        f.U64(),
		PacketsOut:       f.U64(),
		Resyncs:          f.U64(),
		BytesSkipped:     f.U64(),
		ContinuityErrors: f.U64(),
		TransportErrors:  f.U64(),
		ScrambledPackets: f.U64(),
		CRCErrors:        f.U64(),
		Memory:           f.U64(),
	}
	count, next := f.List(trackReportAlign, trackReportSize, "track reports")
	for range count {
		f := next()
		r.Tracks = append(r.Tracks, TrackReport{
			PID:             f.U16(),
			Codec:           f.String(),
			Language:        f.OptionString(),
			SampleRate:      f.U32(),
			Channels:        f.String(),
			FramesDecoded:   f.U64(),
			FramesConcealed: f.U64(),
			BytesSkipped:    f.U64(),
			AccessUnits:     f.U64(),
			SamplesInserted: f.U64(),
			SamplesDropped:  f.U64(),
			Reanchors:       f.U64(),
			Drift:           time.Duration(f.S64()) * time.Microsecond,
		})
	}
	return r
}

func liftInspection(f *canonical.Fields) Inspection {
	i := Inspection{PacketSize: f.U16(), Packets: f.U64()}
	programs, nextProgram := f.List(programAlign, programSize, "programs")
	for range programs {
		f := nextProgram()
		p := Program{Number: f.U16(), PMTPID: f.U16(), PCRPID: f.OptionU16()}
		tracks, nextTrack := f.List(trackAlign, trackSize, "tracks")
		for range tracks {
			f := nextTrack()
			p.Tracks = append(p.Tracks, Track{
				PID:        f.U16(),
				StreamType: f.U8(),
				Format:     f.String(),
				Language:   f.OptionString(),
				SampleRate: f.OptionU32(),
				Channels:   f.OptionString(),
				Bitrate:    f.OptionU32(),
				Packets:    f.U64(),
				Action:     Action(f.Discriminant(2, "an action")),
				Reason:     f.String(),
			})
		}
		i.Programs = append(i.Programs, p)
	}
	return i
}
