package server

import (
	"context"
	"fmt"

	transcoder "github.com/ManuGH/xg2g-transcoder/go"
	"github.com/ManuGH/xg2g-transcoder/go/embedded"
)

// Plugin is the [Transcoder] that is served: sessions of the sandboxed plugin, opened as the configuration says.
type Plugin struct {
	plugin  *transcoder.Plugin
	options transcoder.Options
	version string
}

// LoadPlugin finds, checks and compiles the plugin, and opens a session once so that a wrong option shows at the start. Where no
// path is named it is the plugin inside the program, if there is one. The observer, which may be nil, is told of each session and
// call.
func LoadPlugin(ctx context.Context, c *Config, observer transcoder.Observer) (*Plugin, error) {
	config := transcoder.Config{
		Engine: transcoder.Engine(c.Engine), MemoryBytes: uint64(c.Memory), CallTimeout: c.Deadline, Observer: observer, Logger: c.Log,
	}
	if c.Cache == "-" {
		config.NoCache = true
	} else {
		config.CacheDir = c.Cache
	}
	var plugin *transcoder.Plugin
	path := "inside the program"
	var err error
	if file := embedded.Plugin(); file != nil && c.Plugin == "" {
		plugin, err = transcoder.Load(ctx, file, config)
	} else if path, err = transcoder.Find(c.Plugin); err == nil {
		plugin, err = transcoder.LoadFile(ctx, path, config)
	}
	if err != nil {
		return nil, err
	}
	p := &Plugin{plugin: plugin, options: c.Sound.options()}
	if p.version, err = plugin.Version(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	session, err := p.Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("no session with these options: %w", err)
	}
	c.Log.Info("plugin", "path", path, "version", p.version, "engine", plugin.Engine(), "cached", plugin.FromCache())
	return p, session.Close()
}

// Version is the plugin's own.
func (p *Plugin) Version() string { return p.version }

// Open begins a stream.
func (p *Plugin) Open(ctx context.Context) (Session, error) {
	s, err := p.plugin.Open(ctx, p.options)
	if err != nil {
		return nil, err
	}
	return pluginSession{s}, nil
}

// Close frees the compiled code once the last session is closed.
func (p *Plugin) Close() error { return p.plugin.Close() }

func (s *Sound) options() transcoder.Options {
	o := transcoder.Options{Bitrate: s.Bitrate, PIDs: s.PIDs, Languages: s.Languages}
	if s.Mono {
		o.Channels = transcoder.Mono
	}
	o.DualMono = map[string]transcoder.DualMono{
		"both": transcoder.DualMonoBoth, "first": transcoder.DualMonoFirst, "second": transcoder.DualMonoSecond,
	}[s.DualMono]
	o.DynamicRange = map[string]transcoder.DynamicRange{
		"off": transcoder.DynamicRangeOff, "line": transcoder.DynamicRangeLine, "rf": transcoder.DynamicRangeRF,
	}[s.DynamicRange]
	return o
}

// pluginSession is a session of the plugin with its report in the page's words.
type pluginSession struct{ *transcoder.Session }

func (s pluginSession) Report(ctx context.Context) (Report, error) {
	r, err := s.Session.Report(ctx)
	if err != nil {
		return Report{}, err
	}
	report := Report{
		PacketsIn: r.PacketsIn, PacketsOut: r.PacketsOut, Resyncs: r.Resyncs, BytesSkipped: r.BytesSkipped,
		ContinuityErrors: r.ContinuityErrors, TransportErrors: r.TransportErrors, ScrambledPackets: r.ScrambledPackets,
		CRCErrors: r.CRCErrors, Memory: r.Memory, Tracks: make([]Track, 0, len(r.Tracks)),
	}
	for _, t := range r.Tracks {
		report.Tracks = append(report.Tracks, Track{
			PID: t.PID, Codec: t.Codec, Language: t.Language, SampleRate: t.SampleRate, Channels: t.Channels,
			FramesDecoded: t.FramesDecoded, FramesConcealed: t.FramesConcealed, BytesSkipped: t.BytesSkipped,
			AccessUnits: t.AccessUnits, SamplesInserted: t.SamplesInserted, SamplesDropped: t.SamplesDropped,
			Reanchors: t.Reanchors, DriftMicros: t.Drift.Microseconds(),
		})
	}
	return report, nil
}
