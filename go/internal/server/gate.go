package server

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// What the gate says of a URL that it does not let through. The server answers with 403, or 404 for ErrNoService.
var (
	// ErrNotAllowed is a URL that is neither the receiver's nor on the list of allowed upstreams.
	ErrNotAllowed = errors.New("this upstream is not allowed")
	// ErrNoService is a path that is no service reference.
	ErrNoService = errors.New("no such page, and no service reference either")
)

// serviceReference is type, flags, seven or eight fields in hexadecimal, and then perhaps a path and a name, each between colons.
var serviceReference = regexp.MustCompile(`^/([0-9A-Fa-f]{1,8}(?::[0-9A-Fa-f]{0,8}){9})(?::(.*))?$`)

// gate decides which URLs the server may open. It is asked for each request and for each redirect on the way.
type gate struct {
	receiver   *url.URL
	recordings []string
	allow      []*url.URL
}

// service gives the receiver's URL for a request's path and query.
func (g *gate) service(requested *url.URL) (*url.URL, error) {
	if g.receiver == nil {
		return nil, ErrNoService
	}
	u := *g.receiver
	u.Path = strings.TrimRight(g.receiver.Path, "/") + requested.Path
	// The reference goes on as it came, with its own escapes: for the receiver %3a is part of a name and : is not.
	u.RawPath = strings.TrimRight(g.receiver.EscapedPath(), "/") + requested.EscapedPath()
	u.RawQuery = requested.RawQuery
	return &u, g.reference(requested.Path)
}

// reference checks the path of a service reference. A reference to a URL would make the receiver a proxy for anyone, one to a file
// outside of the recordings would hand out the receiver's files.
func (g *gate) reference(p string) error {
	m := serviceReference.FindStringSubmatch(p)
	if m == nil {
		return ErrNoService
	}
	// Everything is looked at with its escapes taken away, as the receiver does too. What stands before the next colon is a file, or
	// the scheme of a URL; a name may follow.
	rest := unescapeAll(m[2])
	file, _, _ := strings.Cut(rest, ":")
	if file == "" {
		return nil
	}
	climbs := strings.Contains(rest, "/..") || strings.Contains(rest, `\`)
	for _, folder := range g.recordings {
		if strings.HasPrefix(file, folder) && !climbs {
			return nil
		}
	}
	return fmt.Errorf("%w: neither a broadcast service nor a recording in a folder of --recordings", ErrNotAllowed)
}

// named gives the URL that a client names in /stream?url=.
func (g *gate) named(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, fmt.Errorf("%w: it is no URL", ErrNotAllowed)
	}
	if u.User != nil {
		return nil, fmt.Errorf("%w: a URL with a user in it", ErrNotAllowed)
	}
	if len(g.allow) == 0 {
		return nil, fmt.Errorf("%w: none is, --allow opens the list", ErrNotAllowed)
	}
	u.Fragment, u.RawFragment = "", ""
	return u, g.listed(u)
}

// redirect checks where an upstream sends the server on to.
func (g *gate) redirect(u *url.URL) error {
	if g.receiver != nil && sameOrigin(u, g.receiver) {
		base := strings.TrimRight(g.receiver.Path, "/")
		if rest, ok := strings.CutPrefix(u.Path, base); ok && g.reference(rest) == nil {
			return nil
		}
	}
	return g.listed(u)
}

// listed tells whether u is under one of the allowed prefixes.
func (g *gate) listed(u *url.URL) error {
	for _, a := range g.allow {
		if sameOrigin(u, a) && under(u, a) {
			return nil
		}
	}
	return ErrNotAllowed
}

func sameOrigin(u, v *url.URL) bool {
	return u.Opaque == "" && strings.EqualFold(u.Scheme, v.Scheme) && strings.EqualFold(u.Hostname(), v.Hostname()) && port(u) == port(v)
}

// under tells whether u's path is the prefix's or below it. A path that climbs, however it is escaped, is below nothing.
func under(u, prefix *url.URL) bool {
	base := strings.TrimRight(prefix.Path, "/")
	if base == "" {
		return true
	}
	p := unescapeAll(u.EscapedPath())
	if strings.Contains(p, `\`) || strings.Contains(p+"/", "/../") {
		return false
	}
	return u.Path == base || strings.HasPrefix(u.Path, base+"/")
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if strings.EqualFold(u.Scheme, "https") {
		return "443"
	}
	return "80"
}

// unescapeAll takes percent-escapes away until none is left: what looks at the string may do so more than once.
func unescapeAll(s string) string {
	for range 8 {
		t, err := url.PathUnescape(s)
		if err != nil || t == s {
			return s
		}
		s = t
	}
	return s
}

// parseOrigin reads a URL that an operator names: http or https with a host, and no more than a path besides.
func parseOrigin(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		// The error would repeat the URL, and with it the password.
		return nil, errors.New("not a URL; want http://host:port")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("%s: scheme is %q; want http://host:port or https://host:port", u.Redacted(), u.Scheme)
	case u.Hostname() == "":
		return nil, fmt.Errorf("%s: no host; want http://host:port", u.Redacted())
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%s: want no query and no fragment", u.Redacted())
	}
	return u, nil
}
