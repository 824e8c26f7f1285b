package wazero

import (
	"context"
	"sync"
	"time"

	"github.com/tetratelabs/wazero/api"
)

// alarm raises the module's flag, upon which it traps, when a call's time is over or its context is.
type alarm struct {
	flag api.MutableGlobal

	mutex   sync.Mutex
	number  uint64 // of the calls that it was set for, so that a late ring finds another
	timer   *time.Timer
	context func() bool // stops waiting for the context
}

func (a *alarm) set(ctx context.Context, timeout time.Duration) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.flag.Set(0)
	number := a.number
	ring := func() {
		a.mutex.Lock()
		defer a.mutex.Unlock()
		if a.number == number {
			a.flag.Set(1)
		}
	}
	a.timer = time.AfterFunc(timeout, ring)
	a.context = context.AfterFunc(ctx, ring)
}

func (a *alarm) unset() {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.number++
	a.timer.Stop()
	a.context()
}

func (a *alarm) rung() bool {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return a.flag.Get() != 0
}
