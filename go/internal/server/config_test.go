package server

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"
)

func environment(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for _, p := range pairs {
			if k, v, _ := strings.Cut(p, "="); k == name {
				return v, true
			}
		}
		return "", false
	}
}

func TestConfig(t *testing.T) {
	const receiver = "--upstream=http://receiver:8001"
	for _, c := range []struct {
		name string
		args []string
		env  []string
		got  func(*Config) any
		want any
	}{
		{"default address", []string{receiver}, nil, func(c *Config) any { return c.Listen }, ":8080"},
		{"default cap", []string{receiver}, nil, func(c *Config) any { return c.MaxSessions }, 50},
		{"default allow-list", []string{receiver}, nil, func(c *Config) any { return len(c.Allow) }, 0},
		{"default debug", []string{receiver}, nil, func(c *Config) any { return c.Debug }, ""},
		{"default memory", []string{receiver}, nil, func(c *Config) any { return c.Memory }, int64(16 << 20)},
		{"default recordings", []string{receiver}, nil, func(c *Config) any { return c.Recordings }, []string{"/media/", "/hdd/"}},
		{"environment", nil, []string{"XG2G_UPSTREAM=http://box:8001"}, func(c *Config) any { return c.Upstream.Host }, "box:8001"},
		{"flag wins", []string{receiver}, []string{"XG2G_UPSTREAM=http://box:8001"}, func(c *Config) any { return c.Upstream.Host }, "receiver:8001"},
		{"dashes are underscores", []string{receiver}, []string{"XG2G_STALL_TIMEOUT=3s"}, func(c *Config) any { return c.Stall }, 3 * time.Second},
		{"empty is unset", []string{receiver}, []string{"XG2G_MAX_SESSIONS="}, func(c *Config) any { return c.MaxSessions }, 50},
		{"lists are replaced", []string{receiver, "--languages=deu"}, []string{"XG2G_LANGUAGES=eng,fra"},
			func(c *Config) any { return c.Sound.Languages }, []string{"deu"}},
		{"folders get their slash", []string{receiver, "--recordings=/movie"}, nil, func(c *Config) any { return c.Recordings }, []string{"/movie/"}},
		{"no recordings", []string{receiver, "--recordings=-"}, nil, func(c *Config) any { return len(c.Recordings) }, 0},
		{"memory in MiB", []string{receiver, "--memory-limit=8"}, nil, func(c *Config) any { return c.Memory }, int64(8 << 20)},
		{"PIDs", []string{receiver, "--pids=0x102, 515"}, nil, func(c *Config) any { return c.Sound.PIDs }, []uint16{0x102, 515}},
		{"allow", []string{"--allow=https://a.example/live, http://b.example"}, nil, func(c *Config) any { return len(c.Allow) }, 2},
	} {
		config, err := ParseConfig(c.args, environment(c.env...), io.Discard)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if got := c.got(config); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestConfigRefuses(t *testing.T) {
	const receiver = "--upstream=http://receiver:8001"
	for _, c := range []struct {
		args []string
		env  []string
		want string // in the error
	}{
		{nil, nil, "nothing to serve"},
		{[]string{"--upstream=receiver:8001"}, nil, "http://"},
		{[]string{"--upstream=ftp://receiver"}, nil, `scheme is "ftp"`},
		{[]string{"--upstream=http://"}, nil, "no host"},
		{[]string{"--upstream=http://u:secret@receiver/?x=1"}, nil, "u:xxxxx@receiver"},
		{[]string{"--allow=file:///etc/passwd"}, nil, `scheme is "file"`},
		{[]string{"--allow=http://a.example/?q=1"}, nil, "no query"},
		{[]string{receiver, "--max-sessions=0"}, nil, "max-sessions"},
		{[]string{receiver, "--stall-timeout=0"}, nil, "stall-timeout"},
		{[]string{receiver, "--stall-timeout=ten"}, nil, "stall-timeout"},
		{[]string{receiver, "--memory-limit=99999"}, nil, "1 to 4096"},
		{[]string{receiver, "--dual-mono=third"}, nil, "both first second"},
		{[]string{receiver, "--dynamic-range=loud"}, nil, "off line rf"},
		{[]string{receiver, "--recordings=media"}, nil, "begin with /"},
		{[]string{receiver, "--pids=8192"}, nil, "out of range"},
		{[]string{receiver, "--log-level=loud"}, nil, "log-level"},
		{[]string{receiver, "--log-format=xml"}, nil, "text json"},
		{[]string{receiver, "extra"}, nil, `"extra"`},
		{[]string{receiver, "--no-such-flag"}, nil, "no-such-flag"},
		{[]string{receiver}, []string{"XG2G_MAX_SESSIONS=many"}, `XG2G_MAX_SESSIONS="many"`},
	} {
		_, err := ParseConfig(c.args, environment(c.env...), io.Discard)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q %q: %v, want something with %q", c.args, c.env, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the error tells the password: %v", c.args, err)
		}
	}
}

func TestHelpNamesEachVariable(t *testing.T) {
	var help bytes.Buffer
	if _, err := ParseConfig([]string{"--help"}, environment(), &help); !errors.Is(err, flag.ErrHelp) {
		t.Fatalf("%v, want flag.ErrHelp", err)
	}
	for _, want := range []string{"XG2G_UPSTREAM", "XG2G_ALLOW", "XG2G_MAX_SESSIONS", "XG2G_DEBUG_LISTEN", "default 50", "default 16", "default :8080"} {
		if !strings.Contains(help.String(), want) {
			t.Errorf("no %q in\n%s", want, help.String())
		}
	}
	if help.String() == "" || strings.Count(help.String(), "--") < 20 {
		t.Errorf("few flags in\n%s", help.String())
	}
}
