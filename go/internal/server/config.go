package server

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	transcoder "github.com/ManuGH/xg2g-transcoder/go"
)

// envPrefix and a flag's name in capitals, with _ for -, make the environment variable that sets it.
const envPrefix = "XG2G_"

// Config is what the server can be told. [ParseConfig] gives each field its default and checks it.
type Config struct {
	// Listen is the address to serve on.
	Listen string
	// Debug is the address for net/http/pprof; none when empty, which is the default.
	Debug string
	// Upstream is the receiver's stream port, such as http://receiver.lan:8001. It may hold a user and a password.
	Upstream *url.URL
	// Recordings are the folders on the receiver whose files may be streamed through it, each with a slash at both ends.
	Recordings []string
	// Allow are the upstream URLs that /stream?url= may reach: scheme, host, port and a path prefix. Empty: none.
	Allow []*url.URL
	// MaxSessions is how many streams are transcoded at once; the next client gets a 503.
	MaxSessions int
	// FirstByte is how long an upstream may take from the request to the first byte, the tuning included.
	FirstByte time.Duration
	// Stall is how long an upstream may then send nothing before it is taken for dead.
	Stall time.Duration
	// Reconnects is how many times in a row a lost upstream is opened again before the client's stream is given up.
	Reconnects int
	// Write is how long a client may take to accept one write before it is taken for gone.
	Write time.Duration
	// Drain is how long running streams go on after the first signal to stop.
	Drain time.Duration
	// Plugin is the path of transcoder.wasm; where it is empty, it is inside the program or [transcoder.Find] looks for it.
	Plugin string
	// Engine runs the plugin: wasmtime or wazero; the better of those that were built in when empty.
	Engine string
	// Cache is the folder for compiled code: the user's cache folder when empty, none when it is "-".
	Cache string
	// Memory is the most linear memory in bytes that one session's sandbox may grow to.
	Memory int64
	// Deadline is how long one call of the sandbox may take.
	Deadline time.Duration
	// Sound is how sound is transcoded.
	Sound Sound
	// Log is where, in which form and from which level on the program logs.
	Log *slog.Logger
}

// Sound is what each session is opened with. A zero field means the plugin's default.
type Sound struct {
	// Bitrate of each AAC track in bits per second.
	Bitrate uint32
	// Mono gives one channel instead of two.
	Mono bool
	// DualMono is both, first or second.
	DualMono string
	// DynamicRange is off, line or rf.
	DynamicRange string
	// Languages, in ISO 639-2, and PIDs choose the tracks; empty means all.
	Languages []string
	PIDs      []uint16
}

// ErrNothingToServe is what [ParseConfig] says when neither a receiver nor an allowed upstream is named.
var ErrNothingToServe = errors.New("nothing to serve: name a receiver with --upstream http://receiver:8001, or URLs with --allow")

// usage introduces the list of flags.
const usage = `usage: xg2g-transcode-server --upstream http://receiver:8001 [flags]

Serves the streams of an Enigma2 receiver with their sound as AAC, under the receiver's own paths:
  http://receiver:8001/1:0:19:283D:3FB:1:C00000:0:0:0:  becomes  http://this-server:8080/1:0:19:283D:3FB:1:C00000:0:0:0:
The page at / shows the running streams and plays one.

Each flag can be given as an environment variable too; the flag wins.

`

// ParseConfig reads the configuration from the environment, then from the command line; what is in both is taken from the
// latter. For -help it writes the usage to output and gives [flag.ErrHelp].
func ParseConfig(args []string, getenv func(string) (string, bool), output io.Writer) (*Config, error) {
	c := &Config{}
	var upstream, level, format string
	flags := flag.NewFlagSet("xg2g-transcode-server", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // errors are returned, not printed as well
	flags.StringVar(&c.Listen, "listen", ":8080", "`address` to serve on")
	flags.StringVar(&upstream, "upstream", "", "the receiver's stream port, a `URL` such as http://receiver:8001; may hold user:password@")
	flags.Var((*folders)(&c.Recordings), "recordings", "`folders` on the receiver whose recordings may be streamed, comma-separated; - for none")
	flags.Var((*prefixes)(&c.Allow), "allow", "`URLs` that /stream?url= may reach, comma-separated: scheme, host, port and a path prefix")
	flags.IntVar(&c.MaxSessions, "max-sessions", 50, "streams transcoded at once, a `number`; the next client gets a 503")
	flags.DurationVar(&c.FirstByte, "first-byte-timeout", 15*time.Second, "`time` for an upstream to send its first byte, tuning included")
	flags.DurationVar(&c.Stall, "stall-timeout", 10*time.Second, "`time` that an upstream may send nothing before it is opened again")
	flags.IntVar(&c.Reconnects, "reconnects", 5, "`times` in a row that a lost upstream is opened again")
	flags.DurationVar(&c.Write, "write-timeout", 15*time.Second, "`time` for a client to accept a write before it is dropped")
	flags.DurationVar(&c.Drain, "drain-timeout", 5*time.Second, "`time` that streams go on after SIGTERM or SIGINT")
	flags.StringVar(&c.Plugin, "plugin", "", "`path` of the plugin (default: the one inside, else transcoder.wasm beside the program or in ./dist)")
	flags.StringVar(&c.Engine, "engine", "", "what `engine` runs the plugin: wasmtime, or wazero (default: wasmtime, where it was built in)")
	flags.StringVar(&c.Cache, "cache", "", "`folder` that keeps compiled code, for a faster start; - for none (default: the user's cache folder)")
	flags.Func("memory-limit", "`MiB` of memory that the sandbox of a session may use (default 16)", func(s string) error {
		n, err := strconv.ParseInt(s, 10, 64)
		c.Memory = n << 20
		if err == nil && (n < 1 || n > 4096) {
			err = errors.New("want 1 to 4096")
		}
		return err
	})
	flags.DurationVar(&c.Deadline, "call-deadline", transcoder.DefaultCallTimeout, "`time` that one call of the sandbox may take")
	flags.Func("bitrate", "bits per second of each AAC track, a `number` (default: the plugin's, 192000 for stereo)", func(s string) error {
		n, err := strconv.ParseUint(s, 10, 32)
		c.Sound.Bitrate = uint32(n)
		return err
	})
	flags.BoolVar(&c.Sound.Mono, "mono", false, "one channel instead of two")
	flags.StringVar(&c.Sound.DualMono, "dual-mono", "", "`which` programme of a dual-mono track is heard: both (default), first or second")
	flags.StringVar(&c.Sound.DynamicRange, "dynamic-range", "", "`how` far the stream's dynamic range control is followed: off, line (default) or rf")
	flags.Var((*words)(&c.Sound.Languages), "languages", "transcode only tracks in these `languages`, comma-separated ISO 639-2 (default: all)")
	flags.Func("pids", "transcode only tracks on these `PIDs`, comma-separated (default: all)", func(s string) error {
		c.Sound.PIDs = nil
		for _, f := range split(s) {
			n, err := strconv.ParseUint(f, 0, 13)
			if err != nil {
				return err
			}
			c.Sound.PIDs = append(c.Sound.PIDs, uint16(n))
		}
		return nil
	})
	flags.StringVar(&c.Debug, "debug-listen", "", "`address` for pprof, which tells much: keep it on 127.0.0.1; none when empty")
	flags.StringVar(&level, "log-level", "info", "log from this `level` on: debug, info, warn or error")
	flags.StringVar(&format, "log-format", "text", "log in this `form`: text or json")
	c.Recordings = []string{"/media/", "/hdd/"}
	c.Memory = transcoder.DefaultMemoryBytes

	if err := fromEnvironment(flags, getenv); err != nil {
		return nil, err
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			printUsage(flags, output)
		}
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("unknown argument %q: all options are flags, --help lists them", flags.Arg(0))
	}
	return c, c.finish(upstream, level, format)
}

// finish checks what one flag alone cannot.
func (c *Config) finish(upstream, level, format string) error {
	if upstream != "" {
		u, err := parseOrigin(upstream)
		if err != nil {
			return fmt.Errorf("upstream: %w", err)
		}
		c.Upstream = u
	}
	if c.Upstream == nil && len(c.Allow) == 0 {
		return ErrNothingToServe
	}
	for name, d := range map[string]time.Duration{
		"first-byte-timeout": c.FirstByte, "stall-timeout": c.Stall, "write-timeout": c.Write, "call-deadline": c.Deadline,
	} {
		if d <= 0 {
			return fmt.Errorf("%s: %v is no time; want more than 0, such as 10s", name, d)
		}
	}
	switch {
	case c.MaxSessions < 1:
		return fmt.Errorf("max-sessions: %d; want at least 1", c.MaxSessions)
	case c.Reconnects < 0:
		return fmt.Errorf("reconnects: %d; want 0 or more", c.Reconnects)
	case c.Drain < 0:
		return fmt.Errorf("drain-timeout: %v; want 0 or more", c.Drain)
	}
	for name, v := range map[string]struct{ value, of string }{
		"dual-mono":     {c.Sound.DualMono, " both first second "},
		"dynamic-range": {c.Sound.DynamicRange, " off line rf "},
		"log-format":    {format, " text json "},
		"engine":        {c.Engine, " wasmtime wazero "},
	} {
		if v.value != "" && !strings.Contains(v.of, " "+v.value+" ") {
			return fmt.Errorf("%s: %q; want one of%s", name, v.value, strings.TrimRight(v.of, " "))
		}
	}
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return fmt.Errorf("log-level: %q; want debug, info, warn or error", level)
	}
	options := &slog.HandlerOptions{Level: l}
	if format == "json" {
		c.Log = slog.New(slog.NewJSONHandler(os.Stderr, options))
	} else {
		c.Log = slog.New(slog.NewTextHandler(os.Stderr, options))
	}
	return nil
}

func envName(flagName string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(flagName, "-", "_"))
}

// fromEnvironment sets the flags whose variables are set, in the order of their names.
func fromEnvironment(flags *flag.FlagSet, getenv func(string) (string, bool)) error {
	var first error
	flags.VisitAll(func(f *flag.Flag) {
		value, ok := getenv(envName(f.Name))
		if !ok || value == "" || first != nil {
			return
		}
		if err := f.Value.Set(value); err != nil {
			first = fmt.Errorf("%s=%q: %w", envName(f.Name), value, err)
		}
	})
	return first
}

func printUsage(flags *flag.FlagSet, output io.Writer) {
	fmt.Fprint(output, usage)
	flags.VisitAll(func(f *flag.Flag) {
		name, text := flag.UnquoteUsage(f)
		fmt.Fprintf(output, "  --%s %s  (%s)\n        %s", f.Name, name, envName(f.Name), text)
		if f.DefValue != "" && f.DefValue != "false" {
			fmt.Fprintf(output, " (default %s)", f.DefValue)
		}
		fmt.Fprintln(output)
	})
}

// words, folders and prefixes are comma-separated lists; each setting replaces the last, so that a flag wins over its variable.
type (
	words    []string
	folders  []string
	prefixes []*url.URL
)

func (l *words) String() string { return strings.Join(*l, ",") }

func (l *words) Set(s string) error {
	*l = split(s)
	return nil
}

func (l *folders) String() string {
	if l == nil || len(*l) == 0 {
		return "/media/,/hdd/"
	}
	return strings.Join(*l, ",")
}

func (l *folders) Set(s string) error {
	*l = nil
	if s == "-" {
		return nil
	}
	for _, f := range split(s) {
		if !strings.HasPrefix(f, "/") {
			return fmt.Errorf("%q is no folder on the receiver: want it to begin with /", f)
		}
		*l = append(*l, strings.TrimRight(f, "/")+"/")
	}
	return nil
}

func (l *prefixes) String() string { return "" }

func (l *prefixes) Set(s string) error {
	*l = nil
	for _, f := range split(s) {
		u, err := parseOrigin(f)
		if err != nil {
			return err
		}
		*l = append(*l, u)
	}
	return nil
}

func split(s string) []string {
	var out []string
	for f := range strings.SplitSeq(s, ",") {
		if f = strings.TrimSpace(f); f != "" {
			out = append(out, f)
		}
	}
	return out
}
