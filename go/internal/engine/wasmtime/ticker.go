//go:build cgo && (linux || darwin || windows) && (amd64 || arm64)

package wasmtime

import (
	"sync"
	"time"
)

// ticker moves the engine's epoch on while there are instances, and sleeps while there are none.
type ticker struct {
	tick  func()
	mutex sync.Mutex
	users int
	stop  chan struct{}
	done  chan struct{}
}

func (t *ticker) enter() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.users++; t.users == 1 {
		t.stop, t.done = make(chan struct{}), make(chan struct{})
		go run(t.tick, t.stop, t.done)
	}
}

// leave returns once the last user's ticker is over, so that the engine may go.
func (t *ticker) leave() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.users--; t.users == 0 {
		close(t.stop)
		<-t.done
	}
}

func run(advance func(), stop <-chan struct{}, done chan<- struct{}) {
	defer close(done)
	clock := time.NewTicker(tick)
	defer clock.Stop()
	for {
		select {
		case <-clock.C:
			advance()
		case <-stop:
			return
		}
	}
}
