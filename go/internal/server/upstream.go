package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// readSize is how much of an upstream is taken in one read at most: what a rich HD stream sends in 50 ms.
const readSize = 64 << 10

// maxRedirects is how many times an upstream may send the server on.
const maxRedirects = 5

// What can be wrong with an upstream. The client gets a status and a text for each, as long as nothing else was sent to it.
var (
	ErrUpstreamUnreachable = errors.New("the upstream cannot be reached")
	ErrUpstreamNotFound    = errors.New("the upstream has no such stream")
	ErrUpstreamBusy        = errors.New("the upstream has no tuner or place free")
	ErrUpstreamRefused     = errors.New("the upstream refused")
	ErrUpstreamNoStream    = errors.New("the upstream answered with something else than a stream")
	ErrUpstreamStalled     = errors.New("the upstream sends nothing")
	ErrUpstreamCut         = errors.New("the upstream broke off")
)

// upstreamKind is the word for an upstream's error in the metrics, with the status that the client gets for it.
func upstreamKind(err error) (kind string, status int) {
	for _, k := range []struct {
		err    error
		kind   string
		status int
	}{
		{ErrNotAllowed, "not-allowed", http.StatusForbidden},
		{ErrUpstreamNotFound, "not-found", http.StatusNotFound},
		{ErrUpstreamBusy, "busy", http.StatusServiceUnavailable},
		{ErrUpstreamStalled, "stalled", http.StatusGatewayTimeout},
		{ErrUpstreamUnreachable, "unreachable", http.StatusBadGateway},
		{ErrUpstreamRefused, "refused", http.StatusBadGateway},
		{ErrUpstreamNoStream, "no-stream", http.StatusBadGateway},
		{ErrUpstreamCut, "cut", http.StatusBadGateway},
	} {
		if errors.Is(err, k.err) {
			return k.kind, k.status
		}
	}
	return "other", http.StatusBadGateway
}

// upstream opens streams.
type upstream struct {
	client           *http.Client
	firstByte, stall time.Duration
}

func newUpstream(g *gate, c *Config) *upstream {
	transport := &http.Transport{
		// No proxy, not even from the environment: what the gate allowed is what is reached.
		Proxy:       nil,
		DialContext: (&net.Dialer{Timeout: c.FirstByte, KeepAlive: 15 * time.Second}).DialContext,
		// A stream is taken as it is, and its connection is not used again.
		DisableCompression:     true,
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: 64 << 10,
		ReadBufferSize:         32 << 10,
	}
	check := func(r *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return fmt.Errorf("%w: more than %d redirects", ErrUpstreamRefused, maxRedirects)
		}
		if err := g.redirect(r.URL); err != nil {
			return fmt.Errorf("%w: redirect to %s", err, r.URL.Host)
		}
		return nil
	}
	return &upstream{
		client:    &http.Client{Transport: transport, CheckRedirect: check},
		firstByte: c.FirstByte,
		stall:     c.Stall,
	}
}

// feed is an open upstream. Its Read gives up with ErrUpstreamStalled when nothing comes, ends with io.EOF when the upstream said
// that this is all, and with ErrUpstreamCut when it just ended. It must be closed.
type feed struct {
	body    io.ReadCloser
	first   []byte
	framed  bool // the message says where it ends, so an end is meant
	context context.Context
	cancel  context.CancelCauseFunc
	timer   *time.Timer
	stall   time.Duration
}

// open asks for u and waits for its first bytes, so that what is no stream is found out before the client is told that one comes.
func (up *upstream) open(ctx context.Context, u *url.URL) (*feed, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	f := &feed{context: ctx, cancel: cancel, stall: up.stall}
	f.timer = time.AfterFunc(up.firstByte, func() { cancel(ErrUpstreamStalled) })
	if err := up.start(f, u); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

func (up *upstream) start(f *feed, u *url.URL) error {
	request, err := http.NewRequestWithContext(f.context, http.MethodGet, u.String(), nil)
	if err != nil {
		return fmt.Errorf("%w: %s", ErrUpstreamUnreachable, u.Redacted())
	}
	request.Header.Set("User-Agent", "xg2g-transcode-server")
	request.Header.Set("Accept", "video/mp2t, video/mpeg, */*;q=0.5")
	response, err := up.client.Do(request)
	if err != nil {
		return f.dialError(err)
	}
	f.body = response.Body
	f.framed = response.ContentLength >= 0 || slices.Contains(response.TransferEncoding, "chunked") || response.ProtoMajor > 1
	if err := statusError(response); err != nil {
		return err
	}
	f.first = make([]byte, 4096)
	n, err := f.read(f.first)
	f.first = f.first[:n]
	if n == 0 {
		if errors.Is(err, io.EOF) || errors.Is(err, ErrUpstreamCut) {
			return fmt.Errorf("%w: it is empty", ErrUpstreamNoStream)
		}
		return err
	}
	return streamError(response.Header.Get("Content-Type"), f.first)
}

// Read gives the next bytes.
func (f *feed) Read(p []byte) (int, error) {
	if len(f.first) > 0 {
		n := copy(p, f.first)
		f.first = f.first[n:]
		return n, nil
	}
	f.timer.Reset(f.stall)
	return f.read(p)
}

func (f *feed) read(p []byte) (int, error) {
	n, err := f.body.Read(p)
	f.timer.Stop() // a slow client is no stall of the upstream's
	switch {
	case err == nil:
		return n, nil
	case f.context.Err() != nil:
		return n, context.Cause(f.context)
	case err == io.EOF && f.framed:
		return n, io.EOF
	}
	return n, fmt.Errorf("%w: %w", ErrUpstreamCut, err)
}

// Close lets go of the upstream.
func (f *feed) Close() error {
	f.timer.Stop()
	f.cancel(context.Canceled)
	if f.body != nil {
		return f.body.Close()
	}
	return nil
}

// dialError says why no answer came, without the URL: it may hold a password.
func (f *feed) dialError(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	switch cause := context.Cause(f.context); {
	case errors.Is(err, ErrNotAllowed), errors.Is(err, ErrUpstreamRefused):
		return err
	case cause != nil:
		return cause
	}
	return fmt.Errorf("%w: %w", ErrUpstreamUnreachable, err)
}

func statusError(r *http.Response) error {
	switch s := r.StatusCode; {
	case s == http.StatusOK:
		return nil
	case s == http.StatusNotFound, s == http.StatusGone:
		return fmt.Errorf("%w: %s", ErrUpstreamNotFound, r.Status)
	case s == http.StatusServiceUnavailable, s == http.StatusTooManyRequests:
		return fmt.Errorf("%w: %s", ErrUpstreamBusy, r.Status)
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		return fmt.Errorf("%w: %s; set user and password in --upstream", ErrUpstreamRefused, r.Status)
	default:
		return fmt.Errorf("%w: %s", ErrUpstreamRefused, r.Status)
	}
}

// streamError tells text from a stream: a receiver that wants a login, a box that is not set up and a playlist all answer 200.
func streamError(contentType string, first []byte) error {
	media, _, _ := mime.ParseMediaType(contentType)
	start := bytes.ToLower(bytes.TrimLeft(bytes.TrimPrefix(first, []byte("\xef\xbb\xbf")), " \t\r\n"))
	switch {
	case bytes.HasPrefix(start, []byte("#extm3u")):
		return fmt.Errorf("%w: a playlist", ErrUpstreamNoStream)
	case bytes.HasPrefix(start, []byte("<!doctype")), bytes.HasPrefix(start, []byte("<html")), bytes.HasPrefix(start, []byte("<?xml")):
		return fmt.Errorf("%w: a page", ErrUpstreamNoStream)
	case first[0] != 0x47 && (strings.HasPrefix(media, "text/") || strings.HasSuffix(media, "json") || strings.HasSuffix(media, "xml")):
		return fmt.Errorf("%w: %s", ErrUpstreamNoStream, media)
	}
	return nil
}
