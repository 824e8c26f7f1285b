package receiver

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func demo(t testing.TB) *Loop {
	t.Helper()
	data, err := os.ReadFile("../../../tests/demo/demo.ts")
	if err != nil {
		t.Fatal(err)
	}
	loop, err := NewLoop(data)
	if err != nil {
		t.Fatal(err)
	}
	return loop
}

func TestLoopLastsAsLongAsThePicture(t *testing.T) {
	if got := demo(t).Duration(); got != 8*time.Second {
		t.Errorf("a round lasts %v, want 8s", got)
	}
}

// Over three rounds every counter goes on, PCRs rise by no more than 100 ms (ISO/IEC 13818-1 §2.7.2) and each PID's decode times
// rise as evenly over the seam as elsewhere.
func TestClocksAndCountersGoOnOverTheSeam(t *testing.T) {
	loop := demo(t)
	n := int64(loop.Packets())
	stream := loop.Append(nil, 0, 3*n)
	if len(stream) != int(3*n)*packetSize {
		t.Fatalf("%d bytes, want %d packets", len(stream), 3*n)
	}
	counters := map[uint16]uint8{}
	lastPCR := int64(-1)
	lastTime := map[uint16]int64{}
	largest := map[uint16]int64{}
	s, scratch := newSurvey(), &Loop{psi: map[uint16]bool{}}
	for at := 0; at < len(stream); at += packetSize {
		p := stream[at : at+packetSize]
		pid := pidOf(p)
		if last, ok := counters[pid]; ok && pid != pidNull && p[3]&0x10 != 0 && p[3]&0x0f != (last+1)&0x0f {
			t.Fatalf("packet %d, PID %#x: continuity_counter %d after %d", at/packetSize, pid, p[3]&0x0f, last)
		}
		counters[pid] = p[3] & 0x0f
		scratch.samples = scratch.samples[:0]
		s.packet(scratch, at, p)
		for _, sample := range scratch.samples {
			b := stream[sample.offset:]
			if sample.kind == clockPCR {
				if d := pcr(b) - lastPCR; lastPCR >= 0 && (d <= 0 || d > ticksPerSecond/10) {
					t.Fatalf("packet %d: PCR %d ticks after the last", at/packetSize, d)
				}
				lastPCR = pcr(b)
			}
		}
		if track := s.tracks[pid]; track != nil && p[1]&0x40 != 0 {
			now := track.first + track.times[len(track.times)-1]
			if last, ok := lastTime[pid]; ok {
				largest[pid] = max(largest[pid], now-last)
				if now <= last && pid != 0x103 { // the Layer II track of the demo is 16 ms longer than the picture
					t.Fatalf("packet %d, PID %#x: decode time %d after %d", at/packetSize, pid, now, last)
				}
			}
			lastTime[pid] = now
		}
	}
	if largest[0x101] != 3600 {
		t.Errorf("picture: largest step of DTS %d, want 3600 also over the seam", largest[0x101])
	}
	if largest[0x102]%2880 != 0 {
		t.Errorf("AC-3: largest step of PTS %d, want whole frames of 2880 also over the seam", largest[0x102])
	}
}

func TestClocksWrap(t *testing.T) {
	loop := demo(t)
	rounds := ptsWrap/(loop.duration/300) + 1
	n := int64(loop.Packets())
	before, after := loop.Append(nil, (rounds-1)*n, rounds*n), loop.Append(nil, rounds*n, (rounds+1)*n)
	for _, s := range loop.samples {
		step, wrap, got := loop.duration, pcrWrap, pcr(after[s.offset:])-pcr(before[s.offset:])
		if s.kind == clockTime {
			step, wrap, got = loop.duration/300, ptsWrap, timestamp(after[s.offset:])-timestamp(before[s.offset:])
		}
		if got != step && got != step-wrap {
			t.Fatalf("offset %d: clock moved by %d over the wrap", s.offset, got)
		}
	}
}

func TestAppendDoesNotDependOnHowItIsCut(t *testing.T) {
	loop := demo(t)
	n := int64(loop.Packets())
	whole := loop.Append(nil, 5, 2*n+7)
	var pieces []byte
	for from := int64(5); from < 2*n+7; from += 113 {
		pieces = loop.Append(pieces, from, min(from+113, 2*n+7))
	}
	if !bytes.Equal(whole, pieces) {
		t.Error("pieces differ from the whole")
	}
}

func TestAtIsTheInverseOfDue(t *testing.T) {
	loop := demo(t)
	for n := int64(0); n < 3*int64(loop.Packets()); n++ {
		due := loop.Due(n)
		if at := loop.At(due + time.Microsecond); at <= n {
			t.Fatalf("packet %d is due at %v, yet At says %d", n, due, at)
		}
		if at := loop.At(due - time.Microsecond); at > n {
			t.Fatalf("packet %d is due at %v, yet left before by At: %d", n, due, at)
		}
	}
}

func TestWhatIsNoStreamIsRefused(t *testing.T) {
	null := bytes.Repeat(append([]byte{0x47, 0x1f, 0xff, 0x10}, make([]byte, 184)...), 20)
	for name, c := range map[string]struct {
		file []byte
		want error
	}{
		"empty":    {nil, ErrNotTransportStream},
		"short":    {[]byte{0x47}, ErrNotTransportStream},
		"text":     {bytes.Repeat([]byte("hello, world\n"), 100), ErrNotTransportStream},
		"no clock": {null, ErrNoClock},
	} {
		if _, err := NewLoop(c.file); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// Every shared stream of 188-byte packets either loops for a sane time or says why not.
func TestSharedStreams(t *testing.T) {
	dir := os.Getenv("XG2G_STREAMS")
	if dir == "" {
		dir = "../../../../shared/streams"
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.ts"))
	if len(files) == 0 {
		t.Skipf("SKIPPED: no streams in %s; set XG2G_STREAMS", dir)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		loop, err := NewLoop(data)
		switch {
		case errors.Is(err, ErrNoClock) || errors.Is(err, ErrNotTransportStream):
			t.Logf("%s: %v", filepath.Base(file), err)
		case err != nil:
			t.Errorf("%s: %v", file, err)
		case loop.Duration() < 10*time.Millisecond || loop.Duration() > 5*time.Minute:
			t.Errorf("%s: a round of %v", file, loop.Duration())
		default:
			t.Logf("%s: %v", filepath.Base(file), loop.Duration())
			loop.Append(nil, 0, 2*int64(loop.Packets()))
		}
	}
}

func TestPaceIsRealTime(t *testing.T) {
	loop := demo(t)
	server := httptest.NewServer(New(loop, nil))
	defer server.Close()
	response, err := http.Get(server.URL + "/1:0:1:0:0:0:0:0:0:0:?from=start")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	start := time.Now()
	n := loop.At(time.Second)
	got := make([]byte, n*packetSize)
	if _, err := io.ReadFull(response.Body, got); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took < 900*time.Millisecond || took > 1500*time.Millisecond {
		t.Errorf("a second of stream took %v", took)
	}
	if !bytes.Equal(got, loop.Append(nil, 0, n)) {
		t.Error("the stream differs from the loop")
	}
}

func TestFaults(t *testing.T) {
	server := httptest.NewServer(New(demo(t), nil))
	defer server.Close()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	get := func(query string) (*http.Response, []byte, error) {
		response, err := client.Get(server.URL + "/service?" + query)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		return response, body, err
	}
	for query, status := range map[string]int{
		"fault=404": 404, "fault=500": 500, "fault=busy": 503, "fault=html": 200, "fault=redirect&to=http://127.0.0.1:1/": 302,
		"fault=empty": 200,
	} {
		if response, _, err := get(query); response.StatusCode != status || err != nil {
			t.Errorf("%s: status %d, %v", query, response.StatusCode, err)
		}
	}
	if response, body, _ := get("fault=cut&after=1880"); len(body) != 1881 || len(response.TransferEncoding) != 0 {
		t.Errorf("cut: %d bytes, transfer encoding %v", len(body), response.TransferEncoding)
	}
	if response, body, err := get("fault=end&after=1880"); len(body) != 1880 || err != nil || len(response.TransferEncoding) != 1 {
		t.Errorf("end: %d bytes, %v, transfer encoding %v", len(body), err, response.TransferEncoding)
	}
	if response, _, _ := get("fault=404&times=1"); response.StatusCode != 404 {
		t.Errorf("first time: status %d", response.StatusCode)
	}
	if _, body, _ := get("fault=cut&after=188&times=1"); len(body) != 189 {
		t.Errorf("first time: %d bytes", len(body))
	}
}

func TestStreamWithoutPSI(t *testing.T) {
	loop := demo(t)
	server := httptest.NewServer(New(loop, nil))
	defer server.Close()
	response, err := http.Get(server.URL + "/x?fault=nopsi&from=start")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	got := make([]byte, 300*packetSize)
	if _, err := io.ReadFull(response.Body, got); err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(got); at += packetSize {
		if got[at] != syncByte || loop.IsPSI(got[at:]) {
			t.Fatalf("packet %d: PID %#x", at/packetSize, pidOf(got[at:]))
		}
	}
	if !loop.psi[0x100] {
		t.Errorf("PSI PIDs %v, want the demo's PMT among them", loop.psi)
	}
}
