package transcoder

import "time"

// Observer is told what sessions do. Its methods are called from the goroutines that use the sessions, for several sessions at a
// time, and must not use the session that they are told of.
type Observer interface {
	// SessionOpened is called when a session is open, before its first call.
	SessionOpened(session uint64)
	// Called is called after each call.
	Called(call Call)
	// SessionClosed is called when a session is closed, or was ended by an error.
	SessionClosed(session uint64)
}

// Call is what an Observer learns of one call.
type Call struct {
	// Session is the number of the session, unique to the plugin; 0 where there is none: a session that did not open, and
	// inspect.
	Session uint64
	// Name is the contract's function: "open", "process", "finish", "report", "inspect".
	Name string
	// In is how many bytes of a stream were handed in.
	In int
	// Out is how many bytes came out.
	Out int
	// Duration is how long it took.
	Duration time.Duration
	// Memory is how many bytes of linear memory the session has after it.
	Memory uint64
	// Report is the session's, where the call was for one. With an Observer, each session in use is asked every few seconds.
	Report *Report
	// Err is how it failed; see [Kind].
	Err error
}
