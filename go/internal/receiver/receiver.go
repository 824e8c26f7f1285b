package receiver

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Tick is how often packets that are due leave, as a receiver writes them out: in small bursts.
const Tick = 20 * time.Millisecond

// defaultAfter is how many bytes go out well before a fault shows.
const defaultAfter = 256 << 10

// Usage tells what a request can ask for in its query.
const Usage = `query of a request:
  from=start    a timeline of its own, from the file's first packet (default: the broadcast, which goes on for all)
  fault=NAME    misbehave:
    404 500 busy    answer with that status (busy: 503, no tuner is free)
    html            answer 200 with a page
    redirect        answer 302 to the address in to=
    silent          accept the request and never answer
    empty           answer 200 and end at once
    stall           stop sending, keep the connection
    cut             break the connection in mid-packet
    end             end the stream properly
    nopsi           leave PAT and PMT away
  after=BYTES   how much of the stream goes out before stall, cut and end (default 262144)
  times=N       only the first N requests with the same path and query misbehave`

// Receiver is an http.Handler that broadcasts loops to any number of clients. Create it with [New].
type Receiver struct {
	// Started, when set, is told of each client whose stream begins: when its timeline started and with which packet it joined.
	Started func(r *http.Request, epoch time.Time, first int64)

	loops  map[string]*Loop
	other  *Loop
	epoch  time.Time
	active atomic.Int64
	mu     sync.Mutex
	faults map[string]int
}

// New makes a receiver that serves loops by their path and other, which may be nil, on every path that looks like a service.
func New(other *Loop, loops map[string]*Loop) *Receiver {
	return &Receiver{loops: loops, other: other, epoch: time.Now(), faults: map[string]int{}}
}

// Active is how many streams are being sent.
func (rx *Receiver) Active() int { return int(rx.active.Load()) }

// ServeHTTP sends the stream of the request's path, or misbehaves as its query asks.
func (rx *Receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	loop := rx.loops[r.URL.Path]
	if loop == nil && len(r.URL.Path) > 1 {
		loop = rx.other
	}
	if loop == nil {
		http.Error(w, "no such service", http.StatusNotFound)
		return
	}
	query := r.URL.Query()
	fault, after := rx.fault(r.URL, query)
	// A page from anywhere may play the untouched stream: that is what the browser test does.
	w.Header().Set("Access-Control-Allow-Origin", "*")
	switch fault {
	case "404":
		http.Error(w, "no such service", http.StatusNotFound)
		return
	case "500":
		http.Error(w, "out of order", http.StatusInternalServerError)
		return
	case "busy":
		http.Error(w, "no tuner is free", http.StatusServiceUnavailable)
		return
	case "html":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Who are you?</body></html>")
		return
	case "redirect":
		w.Header().Set("Location", query.Get("to"))
		w.WriteHeader(http.StatusFound)
		return
	case "silent":
		<-r.Context().Done()
		return
	}
	if r.Method != http.MethodGet {
		// What Enigma2 does: its stream server knows nothing but GET.
		http.Error(w, "only GET", http.StatusMethodNotAllowed)
		return
	}
	// No length and no chunks: the stream lasts as long as the connection, as on a receiver.
	w.Header().Set("Content-Type", "video/mpeg")
	if fault != "end" && fault != "empty" {
		w.Header().Set("Transfer-Encoding", "identity")
	}
	w.WriteHeader(http.StatusOK)
	if fault == "empty" {
		return
	}
	rx.active.Add(1)
	defer rx.active.Add(-1)
	rx.send(w, r, loop, fault, after, query.Get("from") == "start")
}

// send writes packets as they fall due, until the client is gone or the fault asks for the end.
func (rx *Receiver) send(w http.ResponseWriter, r *http.Request, loop *Loop, fault string, after int64, own bool) {
	control := http.NewResponseController(w)
	epoch, next := time.Now(), int64(0)
	if !own {
		next = loop.At(epoch.Sub(rx.epoch))
		// Ticks on the client's own grid: a thousand clients are not served in one burst.
		epoch = epoch.Add(-loop.Due(next))
	}
	if rx.Started != nil {
		rx.Started(r, epoch, next)
	}
	var out []byte
	sent := int64(0)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for tick := int64(time.Since(epoch) / Tick); ; tick++ {
		timer.Reset(time.Until(epoch.Add(time.Duration(tick) * Tick)))
		select {
		case <-r.Context().Done():
			return
		case <-timer.C:
		}
		end := loop.At(time.Duration(tick) * Tick)
		if end <= next {
			continue
		}
		out = loop.Append(out[:0], next, end)
		next = end
		if fault == "nopsi" {
			out = withoutPSI(loop, out)
		}
		due := fault == "stall" || fault == "cut" || fault == "end"
		if due && sent+int64(len(out)) >= after {
			_, _ = w.Write(out[:after-sent])
			_ = control.Flush()
			switch fault {
			case "stall":
				<-r.Context().Done()
			case "cut":
				abort(control)
			}
			return
		}
		if _, err := w.Write(out); err != nil {
			return
		}
		if err := control.Flush(); err != nil {
			return
		}
		sent += int64(len(out))
	}
}

// fault is what the request asks for, as long as it still applies.
func (rx *Receiver) fault(u *url.URL, query url.Values) (name string, after int64) {
	name = query.Get("fault")
	if name == "" {
		return "", 0
	}
	after, err := strconv.ParseInt(query.Get("after"), 10, 64)
	if err != nil || after < 0 {
		after = defaultAfter
	}
	if name == "cut" && after%packetSize == 0 {
		after++
	}
	if times, err := strconv.Atoi(query.Get("times")); err == nil {
		rx.mu.Lock()
		defer rx.mu.Unlock()
		key := u.Path + "?" + u.RawQuery
		if rx.faults[key] >= times {
			return "", 0
		}
		rx.faults[key]++
	}
	return name, after
}

// abort resets the connection, as a receiver that lost power does not but a box in between does.
func abort(control *http.ResponseController) {
	conn, _, err := control.Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		// What was written must arrive before the reset, or the cut is not where it was asked for.
		_ = tcp.CloseWrite()
		_ = tcp.SetReadDeadline(time.Now().Add(time.Second))
		_, _ = io.Copy(io.Discard, tcp)
	}
	_ = conn.Close()
}

func withoutPSI(loop *Loop, packets []byte) []byte {
	kept := packets[:0]
	for at := 0; at < len(packets); at += packetSize {
		if p := packets[at : at+packetSize]; !loop.IsPSI(p) {
			kept = append(kept, p...)
		}
	}
	return kept
}
