package transcoder_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	transcoder "github.com/ManuGH/xg2g-transcoder/go"
	"github.com/ManuGH/xg2g-transcoder/go/internal/contract"
	"github.com/ManuGH/xg2g-transcoder/go/internal/guesttest"
)

func TestInspect(t *testing.T) {
	stream := demoStream(t)
	forEngines(t, func(t *testing.T, engine transcoder.Engine) {
		inspection, err := loadPlugin(t, engine).Inspect(t.Context(), stream, transcoder.Options{Languages: []string{"eng"}})
		if err != nil {
			t.Fatal(err)
		}
		if inspection.PacketSize != 188 || inspection.Packets != uint64(len(stream)/188) || len(inspection.Programs) != 1 {
			t.Fatalf("got %+v", inspection)
		}
		var sound []string
		for _, track := range inspection.Programs[0].Tracks {
			if track.SampleRate != 0 {
				sound = append(sound, fmt.Sprintf("%s %s %d Hz %s %d bit/s: %v", track.Language, track.Format, track.SampleRate, track.Channels, track.Bitrate, track.Action))
			}
		}
		want := []string{
			"eng AC-3 48000 Hz 5.1 448000 bit/s: transcode",
			"deu MPEG-1 Layer II 48000 Hz stereo 192000 bit/s: pass",
		}
		if !slices.Equal(sound, want) {
			t.Errorf("got\n%s, want\n%s", strings.Join(sound, "\n"), strings.Join(want, "\n"))
		}
		if _, err := loadPlugin(t, engine).Inspect(t.Context(), []byte("<!doctype html>"), transcoder.Options{}); !errors.Is(err, transcoder.ErrMalformed) {
			t.Errorf("of a page: %v", err)
		}
	})
}

func TestOptionsOutsideTheirRange(t *testing.T) {
	forEngines(t, func(t *testing.T, engine transcoder.Engine) {
		plugin := loadPlugin(t, engine)
		for _, options := range []transcoder.Options{
			{Bitrate: 15_999},
			{Bitrate: 576_001},
			{Channels: 3},
			{DualMono: 4},
			{DynamicRange: 4},
			{PIDs: []uint16{100, 15}},
			{PIDs: []uint16{8191}},
			{PIDs: make([]uint16, 1<<14)},
			{Languages: []string{"deu", "en"}},
			{Languages: []string{"\xff\xfe\xfd"}},
			{Languages: []string{strings.Repeat("x", 1<<20)}},
		} {
			if _, err := plugin.Open(t.Context(), options); !errors.Is(err, transcoder.ErrInvalidOption) {
				t.Errorf("%.100v: %v", fmt.Sprintf("%+v", options), err)
			}
		}
	})
}

func TestEveryOptionArrives(t *testing.T) {
	stream := demoStream(t)
	forEngines(t, func(t *testing.T, engine transcoder.Engine) {
		plugin := loadPlugin(t, engine)
		seen := map[string]int{string(transcode(t, plugin, stream, len(stream))): -1}
		for n, options := range []transcoder.Options{
			{Bitrate: 64_000},
			{Channels: transcoder.Mono},
			{DynamicRange: transcoder.DynamicRangeOff},
			{DynamicRange: transcoder.DynamicRangeRF},
			{Languages: []string{"ENG"}},
			{Languages: []string{"fra", "deu"}},
			{PIDs: []uint16{8000}},
		} {
			session, err := plugin.Open(t.Context(), options)
			if err != nil {
				t.Fatal(err)
			}
			out, err := session.Process(t.Context(), stream)
			if err == nil {
				out, err = session.AppendFinish(t.Context(), out)
			}
			if err != nil {
				t.Fatal(err)
			}
			_ = session.Close()
			if other, same := seen[string(out)]; same && !sameByNature(other, n) {
				t.Errorf("options %d and %d give the same output", other, n)
			}
			seen[string(out)] = n
		}
	})
}

// sameByNature says whether the demo stream cannot tell two sets of options apart: it carries no dynamic range words.
func sameByNature(a, b int) bool { return a <= 3 && b <= 3 && (b == 2 || b == 3) }

func TestOutputDoesNotDependOnThePieces(t *testing.T) {
	stream := demoStream(t)
	forEngines(t, func(t *testing.T, engine transcoder.Engine) {
		plugin := loadPlugin(t, engine)
		want := transcode(t, plugin, stream, 188)
		if len(want) < len(stream)/2 {
			t.Fatalf("%d bytes became %d", len(stream), len(want))
		}
		for _, piece := range []int{1316, 64 << 10, 1_000_000} {
			if !bytes.Equal(transcode(t, plugin, stream, piece), want) {
				t.Errorf("pieces of %d bytes give another output", piece)
			}
		}
		start := stream[:100_000]
		want = transcode(t, plugin, start, len(start))
		if !bytes.Equal(transcode(t, plugin, start, 7), want) {
			t.Error("pieces of 7 bytes give another output")
		}
		want = transcode(t, plugin, stream, len(stream))
		if !bytes.Equal(read(t, plugin, stream), want) {
			t.Error("a Reader gives another output")
		}
		var out bytes.Buffer
		reader, err := transcoder.NewReader(t.Context(), plugin, randomReader{bytes.NewReader(stream)}, transcoder.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = reader.Close() }()
		if n, err := io.Copy(&out, reader); err != nil || n != int64(out.Len()) {
			t.Fatalf("%d bytes of %d, %v", n, out.Len(), err)
		}
		if !bytes.Equal(out.Bytes(), want) {
			t.Error("io.Copy gives another output")
		}
	})
}

// randomReader gives a random number of bytes at a time.
type randomReader struct{ io.Reader }

func (r randomReader) Read(p []byte) (int, error) { return r.Reader.Read(p[:1+rand.IntN(len(p))]) }

// TestEnginesAgree holds the engines' outputs against each other, and against the Rust host's where XG2G_PROGRAM names it.
func TestEnginesAgree(t *testing.T) {
	engines := transcoder.Engines()
	program := os.Getenv("XG2G_PROGRAM")
	if len(engines) < 2 && program == "" {
		t.Skip("SKIPPED: there is one engine, and XG2G_PROGRAM does not name the Rust host's program")
	}
	for _, file := range streams(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			stream, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if testing.Short() && len(stream) > 1<<20 {
				t.Skip("more than 1 MiB")
			}
			outs := map[string][]byte{}
			for _, engine := range engines {
				outs[string(engine)] = read(t, loadPlugin(t, engine), stream)
			}
			if program != "" {
				command := exec.Command(program, "transcode", file, "-o", "-")
				command.Env = append(os.Environ(), "XG2G_PLUGIN="+pluginFile(t))
				if outs["the Rust host"], err = command.Output(); err != nil {
					t.Fatal(err)
				}
			}
			want := outs[string(engines[0])]
			for name, out := range outs {
				if !bytes.Equal(out, want) {
					t.Errorf("%s gives %d bytes, %s %d others", engines[0], len(want), name, len(out))
				}
			}
		})
	}
}

func TestSessionsAtTheSameTime(t *testing.T) {
	stream := demoStream(t)[:500*188]
	forEngines(t, func(t *testing.T, engine transcoder.Engine) {
		plugin := loadPlugin(t, engine)
		want := transcode(t, plugin, stream, 64<<10)
		var group sync.WaitGroup
		for n := range 16 {
			group.Go(func() {
				if !bytes.Equal(transcode(t, plugin, stream, 1000+n), want) {
					t.Errorf("session %d gives another output", n)
				}
			})
		}
		group.Wait()
	})
}

// TestOneSessionFromManyGoroutines cannot know the order, but every byte must be taken in once.
func TestOneSessionFromManyGoroutines(t *testing.T) {
	forEngines(t, func(t *testing.T, engine transcoder.Engine) {
		session := open(t, loadGuest(t, guesttest.Echo(), transcoder.Config{Engine: engine}))
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				for range 50 {
					if out, err := session.Process(t.Context(), []byte("hello")); err != nil || string(out) != "hello" {
						t.Errorf("%q, %v", out, err)
					}
					if _, err := session.Report(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		if session.Position() != 8*50*5 {
			t.Errorf("%d bytes were taken in", session.Position())
		}
	})
}

// TestANewSessionGoesOn cuts a stream at a place where a session might have died: the next one has sound within two frames of
// where the first ended, for the frame that was cut cannot be had again.
func TestANewSessionGoesOn(t *testing.T) {
	stream := demoStream(t)
	forEngines(t, func(t *testing.T, engine transcoder.Engine) {
		plugin := loadPlugin(t, engine)
		units := func(parts ...[]byte) (sum uint64) {
			for _, part := range parts {
				session := open(t, plugin)
				if _, err := session.Process(t.Context(), part); err != nil {
					t.Fatal(err)
				}
				if _, err := session.Finish(t.Context()); err != nil {
					t.Fatal(err)
				}
				report, err := session.Report(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for _, track := range report.Tracks {
					sum += track.FramesDecoded
				}
			}
			return sum
		}
		cut := len(stream) / 2
		whole, halves := units(stream), units(stream[:cut], stream[cut:])
		const tracks, lost = 2, 2
		if halves+tracks*lost < whole {
			t.Errorf("%d frames were decoded of %d", halves, whole)
		}
	})
}

func TestReaderEnds(t *testing.T) {
	broken := errors.New("the receiver went away")
	forEngines(t, func(t *testing.T, engine transcoder.Engine) {
		guest := guesttest.Echo().With(contract.Finish, guesttest.Op(guesttest.Store(0x1000, guesttest.Const('.')), list(0, 0x1000, 1)))
		plugin := loadGuest(t, guest, transcoder.Config{Engine: engine})
		for _, c := range []struct {
			name   string
			source io.Reader
			out    string
			err    error
		}{
			{"empty", strings.NewReader(""), ".", nil},
			{"whole", strings.NewReader("abc"), "abc.", nil},
			{"data with the end", iotest.DataErrReader(strings.NewReader("abc")), "abc.", nil},
			{"broken", io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(broken)), "abc.", broken},
			{"nothing ever", nothing{}, ".", io.ErrNoProgress},
		} {
			t.Run(c.name, func(t *testing.T) {
				reader, err := transcoder.NewReader(t.Context(), plugin, c.source, transcoder.Options{})
				if err != nil {
					t.Fatal(err)
				}
				out, err := io.ReadAll(iotest.OneByteReader(reader))
				if string(out) != c.out || !errors.Is(err, c.err) {
					t.Errorf("%q, %v", out, err)
				}
				_ = reader.Close()
			})
		}
		t.Run("closed", func(t *testing.T) {
			reader, err := transcoder.NewReader(t.Context(), plugin, strings.NewReader("abc"), transcoder.Options{})
			if err != nil {
				t.Fatal(err)
			}
			_ = reader.Close()
			if _, err := io.Copy(io.Discard, reader); !errors.Is(err, transcoder.ErrClosed) {
				t.Errorf("got %v", err)
			}
		})
		t.Run("writer fails", func(t *testing.T) {
			reader, err := transcoder.NewReader(t.Context(), plugin, strings.NewReader("abc"), transcoder.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := reader.WriteTo(failing{broken}); !errors.Is(err, broken) {
				t.Errorf("got %v", err)
			}
			// What was not written is still there.
			if out, err := io.ReadAll(reader); string(out) != "abc." || err != nil {
				t.Errorf("%q, %v", out, err)
			}
			_ = reader.Close()
		})
	})
}

type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, nil }

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestReport(t *testing.T) {
	stream := demoStream(t)
	forEngines(t, func(t *testing.T, engine transcoder.Engine) {
		session := open(t, loadPlugin(t, engine))
		out, err := session.Process(t.Context(), stream)
		if err != nil {
			t.Fatal(err)
		}
		if out, err = session.AppendFinish(t.Context(), out); err != nil {
			t.Fatal(err)
		}
		if _, err := session.Finish(t.Context()); !errors.Is(err, transcoder.ErrClosed) {
			t.Errorf("finished twice: %v", err)
		}
		report, err := session.Report(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if report.BytesIn != uint64(len(stream)) || report.BytesOut != uint64(len(out)) || report.PacketsOut != uint64(len(out)/188) {
			t.Errorf("%d bytes in, %d out: %+v", len(stream), len(out), report)
		}
		if report.Memory != session.Memory() || report.Memory == 0 || report.Memory > 4<<20 {
			t.Errorf("memory is %d and %d", report.Memory, session.Memory())
		}
		if len(report.Tracks) != 2 || report.Tracks[0].Codec != "AC-3" || report.Tracks[0].Language != "eng" || report.Tracks[0].Channels != "5.1" ||
			report.Tracks[1].Codec != "MPEG-1 Layer II" || report.Tracks[1].AccessUnits == 0 {
			t.Errorf("tracks %+v", report.Tracks)
		}
	})
}
