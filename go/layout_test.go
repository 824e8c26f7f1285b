package transcoder_test

import (
	"encoding/binary"
	"reflect"
	"testing"
	"time"

	transcoder "github.com/ManuGH/xg2g-transcoder/go"
	"github.com/ManuGH/xg2g-transcoder/go/internal/contract"
	"github.com/ManuGH/xg2g-transcoder/go/internal/guesttest"
)

// memory is a stretch of a guest's memory that a test lays out by hand, offset by offset, as wit-bindgen does for
// wit/transcoder.wit.
type memory []byte

func (m memory) u8(at int, v uint8)   { m[at] = v }
func (m memory) u16(at int, v uint16) { binary.LittleEndian.PutUint16(m[at:], v) }
func (m memory) u32(at int, v uint32) { binary.LittleEndian.PutUint32(m[at:], v) }
func (m memory) u64(at int, v uint64) { binary.LittleEndian.PutUint64(m[at:], v) }

func (m memory) text(at, to int, s string) {
	copy(m[to:], s)
	m.u32(at, base+uint32(to))
	m.u32(at+4, uint32(len(s)))
}

// base is where the stretch lies.
const base = 0x4000

func TestLayoutOfReport(t *testing.T) {
	m := make(memory, 0x400)
	for n := range 11 {
		m.u64(8*n, uint64(n+1)<<33)
	}
	m.u32(88, base+0x100)
	m.u32(92, 2)
	for _, at := range []int{0x100, 0x100 + 104} {
		m.u16(at, 0x1fff)
		m.text(at+4, 0x300, "AC-3")
		m.u32(at+24, 48000)
		m.text(at+28, 0x310, "5.1")
		for n := range 7 {
			m.u64(at+40+8*n, uint64(n+1)<<34)
		}
		drift := int64(-1500)
		m.u64(at+96, uint64(drift))
	}
	m.u8(0x100+12, 1)
	m.text(0x100+16, 0x320, "dëu")
	track := transcoder.TrackReport{
		PID: 0x1fff, Codec: "AC-3", Language: "dëu", SampleRate: 48000, Channels: "5.1", FramesDecoded: 1 << 34, FramesConcealed: 2 << 34,
		BytesSkipped: 3 << 34, AccessUnits: 4 << 34, SamplesInserted: 5 << 34, SamplesDropped: 6 << 34, Reanchors: 7 << 34,
		Drift: -1500 * time.Microsecond,
	}
	other := track
	other.Language = ""
	want := transcoder.Report{
		BytesIn: 1 << 33, BytesOut: 2 << 33, PacketsIn: 3 << 33, PacketsOut: 4 << 33, Resyncs: 5 << 33, BytesSkipped: 6 << 33,
		ContinuityErrors: 7 << 33, TransportErrors: 8 << 33, ScrambledPackets: 9 << 33, CRCErrors: 10 << 33, Memory: 11 << 33,
		Tracks: []transcoder.TrackReport{track, other},
	}
	guest := guesttest.Echo().Data(base, string(m)).With(contract.Report, guesttest.Const(base))
	forEngines(t, func(t *testing.T, engine transcoder.Engine) {
		got, err := open(t, loadGuest(t, guest, transcoder.Config{Engine: engine})).Report(t.Context())
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v\nwant %+v", got, err, want)
		}
	})
}

func TestLayoutOfInspection(t *testing.T) {
	m := make(memory, 0x400)
	m.u16(8, 204)
	m.u64(16, 1<<40)
	m.u32(24, base+0x80)
	m.u32(28, 2)
	m.u16(0x80, 1)
	m.u16(0x82, 100)
	m.u8(0x84, 1)
	m.u16(0x86, 101)
	m.u32(0x88, base+0x100)
	m.u32(0x8c, 2)
	m.u16(0x90, 2) // and nothing else
	for _, at := range []int{0x100, 0x100 + 80} {
		m.u16(at, 102)
		m.u8(at+2, 0x81)
		m.text(at+4, 0x300, "AC-3")
		m.u64(at+56, 1<<41)
		m.text(at+68, 0x310, "because")
	}
	m.u8(0x100+12, 1)
	m.text(0x100+16, 0x320, "deu")
	m.u8(0x100+24, 1)
	m.u32(0x100+28, 44100)
	m.u8(0x100+32, 1)
	m.text(0x100+36, 0x330, "mono")
	m.u8(0x100+44, 1)
	m.u32(0x100+48, 448000)
	m.u8(0x100+80+64, 1)
	want := transcoder.Inspection{PacketSize: 204, Packets: 1 << 40, Programs: []transcoder.Program{
		{Number: 1, PMTPID: 100, PCRPID: 101, Tracks: []transcoder.Track{
			{
				PID: 102, StreamType: 0x81, Format: "AC-3", Language: "deu", SampleRate: 44100, Channels: "mono", Bitrate: 448000, Packets: 1 << 41,
				Action: transcoder.ActionTranscode, Reason: "because",
			},
			{PID: 102, StreamType: 0x81, Format: "AC-3", Packets: 1 << 41, Action: transcoder.ActionPass, Reason: "because"},
		}},
		{Number: 2},
	}}
	guest := guesttest.Echo().Data(base, string(m)).With(contract.Inspect, guesttest.Const(base))
	forEngines(t, func(t *testing.T, engine transcoder.Engine) {
		got, err := loadGuest(t, guest, transcoder.Config{Engine: engine}).Inspect(t.Context(), nil, transcoder.Options{})
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v\nwant %+v", got, err, want)
		}
	})
}

// TestLayoutOfOptions has a guest give back what it was given: a parameter, or what a list points to.
func TestLayoutOfOptions(t *testing.T) {
	const at = 0x4000
	var code guesttest.Code
	for n := range byte(12) {
		code = guesttest.Op(code, guesttest.Store(at+4*uint32(n), guesttest.Get(n)))
	}
	// pids[0..1], and the first language's pointer, length and first four bytes
	code = guesttest.Op(code,
		guesttest.Store(at+48, guesttest.Op(guesttest.Get(8), guesttest.Load)),
		guesttest.Store(at+52, guesttest.Op(guesttest.Get(10), guesttest.Const(4), guesttest.Add, guesttest.Load)),
		guesttest.Store(at+56, guesttest.Op(guesttest.Get(10), guesttest.Load, guesttest.Load)),
		guesttest.Answer(0, guesttest.Op(guesttest.Const(guesttest.Rep), guesttest.Call(guesttest.ResourceNew)), guesttest.Const(0)))
	guest := guesttest.Echo().With(contract.Open, code).With(contract.Finish, list(0, at, 60)).Without(contract.OpenPost)
	forEngines(t, func(t *testing.T, engine transcoder.Engine) {
		plugin := loadGuest(t, guest, transcoder.Config{Engine: engine})
		for _, c := range []struct {
			options transcoder.Options
			flat    [8]uint32
			lists   [2]uint32
			words   [3]uint32
		}{
			{transcoder.Options{}, [8]uint32{}, [2]uint32{}, [3]uint32{}},
			{transcoder.Options{
				Bitrate: 128000, Channels: transcoder.Mono, DualMono: transcoder.DualMonoSecond, DynamicRange: transcoder.DynamicRangeRF,
				PIDs: []uint16{0x0102, 0x0304, 5}, Languages: []string{"abcd", "ef"},
			}, [8]uint32{1, 128000, 1, 1, 1, 2, 1, 2}, [2]uint32{3, 2}, [3]uint32{0x03040102, 4, 0x64636261}},
			{transcoder.Options{Channels: transcoder.Stereo, DualMono: transcoder.DualMonoBoth, DynamicRange: transcoder.DynamicRangeOff},
				[8]uint32{0, 0, 1, 0, 1, 0, 1, 0}, [2]uint32{}, [3]uint32{}},
		} {
			session, err := plugin.Open(t.Context(), c.options)
			if err != nil {
				t.Fatal(err)
			}
			out, err := session.Finish(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			_ = session.Close()
			var got [15]uint32
			for n := range got {
				got[n] = binary.LittleEndian.Uint32(out[4*n:])
			}
			if [8]uint32(got[:8]) != c.flat || [2]uint32{got[9], got[11]} != c.lists {
				t.Errorf("%+v arrives as %v", c.options, got)
			}
			if len(c.options.PIDs) > 0 && [3]uint32(got[12:]) != c.words {
				t.Errorf("the lists of %+v arrive as %x", c.options, got[12:])
			}
		}
	})
}
