package server

import (
	"errors"
	"net/url"
	"testing"
)

func mustURL(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func testGate(t testing.TB) *gate {
	return &gate{
		receiver:   mustURL(t, "http://user:secret@receiver:8001"),
		recordings: []string{"/media/", "/hdd/"},
		allow:      []*url.URL{mustURL(t, "https://tv.example/live"), mustURL(t, "http://10.0.0.7:9981")},
	}
}

func TestServiceReferences(t *testing.T) {
	g := testGate(t)
	for _, c := range []struct {
		path string
		want error
	}{
		{"/1:0:19:283D:3FB:1:C00000:0:0:0:", nil},
		{"/1:0:19:283D:3FB:1:C00000:0:0:0", nil},
		{"/1:0:1:445C:453:1:c00000:0:0:0::Das%20Erste%20HD", nil},
		{"/1:0:1:445C:453:1:c00000:0:0:0::Pro7/Sat1", nil},
		{"/1:0:0:0:0:0:0:0:0:0:/media/hdd/movie/20261123%20-%20Film.ts", nil},
		{"/1:0:0:0:0:0:0:0:0:0:/hdd/movie/a%253a%20b.ts:a%3a b", nil},
		{"/", ErrNoService},
		{"/favicon.ico", ErrNoService},
		{"/web/powerstate", ErrNoService},
		{"/1:0:19:283D:3FB:1:C00000:0:0", ErrNoService},
		{"/1:0:19:283D:3FB:1:C00000:0:0:G:", ErrNoService},
		{"/../1:0:19:283D:3FB:1:C00000:0:0:0:", ErrNoService},
		{"/1:0:0:0:0:0:0:0:0:0:/etc/passwd", ErrNotAllowed},
		{"/1:0:0:0:0:0:0:0:0:0:/mediaX/a.ts", ErrNotAllowed},
		{"/1:0:0:0:0:0:0:0:0:0:/media/../etc/passwd", ErrNotAllowed},
		{"/1:0:0:0:0:0:0:0:0:0:/media/a%253a/../../etc/passwd", ErrNotAllowed},
		{"/1:0:0:0:0:0:0:0:0:0:/media/%2e%2e/etc/passwd", ErrNotAllowed},
		{"/1:0:0:0:0:0:0:0:0:0:/media/%252e%252e/etc/passwd", ErrNotAllowed},
		{"/1:0:0:0:0:0:0:0:0:0:media/a.ts", ErrNotAllowed},
		{"/1:0:0:0:0:0:0:0:0:0:/media/..%5c..%5cetc", ErrNotAllowed},
		{"/1:0:0:0:0:0:0:0:0:0:/media/a%5c..%5cetc", ErrNotAllowed},
		{"/1:0:1:0:0:0:0:0:0:0:http%3a//10.0.0.1/secret:Name", ErrNotAllowed},
		{"/4097:0:1:0:0:0:0:0:0:0:http%253a//10.0.0.1/secret:Name", ErrNotAllowed},
		{"/4097:0:1:0:0:0:0:0:0:0:http://10.0.0.1/secret", ErrNotAllowed},
		{"/4097:0:1:0:0:0:0:0:0:0:rtsp%3A%2F%2F10.0.0.1", ErrNotAllowed},
	} {
		u, err := g.service(mustURL(t, "http://server:8080"+c.path+"?a=b"))
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.path, err, c.want)
		} else if err == nil && u.String() != "http://user:secret@receiver:8001"+mustURL(t, c.path).EscapedPath()+"?a=b" {
			t.Errorf("%s became %s", c.path, u)
		}
	}
	if _, err := (&gate{}).service(mustURL(t, "/1:0:19:283D:3FB:1:C00000:0:0:0:")); !errors.Is(err, ErrNoService) {
		t.Errorf("without a receiver: %v", err)
	}
}

func TestAllowList(t *testing.T) {
	g := testGate(t)
	for _, c := range []struct {
		url  string
		want bool
	}{
		{"https://tv.example/live", true},
		{"https://tv.example/live/one.ts?x=1", true},
		{"https://TV.example:443/live/one.ts", true},
		{"HTTP://10.0.0.7:9981/stream/channel/1", true},
		{"https://tv.example/lively", false},
		{"https://tv.example/", false},
		{"https://tv.example/live/../admin", false},
		{"https://tv.example/live/%2e%2e/admin", false},
		{"https://tv.example/live/%252e%252e%252fadmin", false},
		{`https://tv.example/live/..\admin`, false},
		{"http://tv.example/live/one.ts", false},
		{"https://tv.example:8443/live/one.ts", false},
		{"https://tv.example.evil.example/live/one.ts", false},
		{"https://tv.example@evil.example/live/one.ts", false},
		{"https://user@tv.example/live/one.ts", false},
		{"https://tv.example./live/one.ts", false},
		{"http://10.0.0.7/stream", false},
		{"http://10.0.0.7:99810/stream", false},
		{"http://0x0a000007:9981/", false},
		{"http://[::ffff:10.0.0.7]:9981/", false},
		{"http://receiver:8001/1:0:19:283D:3FB:1:C00000:0:0:0:", false},
		{"http://169.254.169.254/latest/meta-data/", false},
		{"http://127.0.0.1:8080/stream?url=x", false},
		{"file:///etc/passwd", false},
		{"ftp://tv.example/live", false},
		{"gopher://tv.example/live", false},
		{"//tv.example/live", false},
		{"https:tv.example/live", false},
		{"https:///live", false},
		{"", false},
		{"%zz", false},
	} {
		if _, err := g.named(c.url); (err == nil) != c.want {
			t.Errorf("%s: %v", c.url, err)
		} else if err != nil && !errors.Is(err, ErrNotAllowed) {
			t.Errorf("%s: %v is not ErrNotAllowed", c.url, err)
		}
	}
}

func TestAllowListIsClosedByDefault(t *testing.T) {
	for _, u := range []string{"http://receiver:8001/", "http://127.0.0.1/", "https://example.org/"} {
		if _, err := (&gate{receiver: mustURL(t, "http://receiver:8001")}).named(u); !errors.Is(err, ErrNotAllowed) {
			t.Errorf("%s: %v", u, err)
		}
	}
}

func TestRedirects(t *testing.T) {
	g := testGate(t)
	for target, want := range map[string]bool{
		"http://receiver:8001/1:0:19:283D:3FB:1:C00000:0:0:0:":         true,
		"http://receiver:8001/1:0:0:0:0:0:0:0:0:0:/etc/passwd":         false,
		"http://receiver:8001/web/powerstate?newstate=1":               false,
		"http://receiver/1:0:19:283D:3FB:1:C00000:0:0:0:":              false,
		"https://receiver:8001/1:0:19:283D:3FB:1:C00000:0:0:0:":        false,
		"https://tv.example/live/two.ts":                               true,
		"http://127.0.0.1:6060/debug/pprof/":                           false,
		"http://169.254.169.254/1:0:19:283D:3FB:1:C00000:0:0:0:":       false,
		"http://evil.example/?http://receiver:8001/1:0:1:1:1:1:1:0:0:": false,
	} {
		if err := g.redirect(mustURL(t, target)); (err == nil) != want {
			t.Errorf("%s: %v", target, err)
		}
	}
}
