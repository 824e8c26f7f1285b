package transcoder

import (
	"fmt"
	"os"
	"path/filepath"
)

// cacheDir is where compiled code is kept, made and checked; empty for nowhere. Engines trust the code that they are given, so a
// folder that others can write to is not used.
func (c *Config) cacheDir() (string, error) {
	if c.NoCache {
		return "", nil
	}
	if c.CacheDir != "" {
		if err := privateDir(c.CacheDir); err != nil {
			return "", fmt.Errorf("transcoder: CacheDir: %w", err)
		}
		return c.CacheDir, nil
	}
	base, err := os.UserCacheDir()
	if err != nil {
		return "", nil
	}
	dir := filepath.Join(base, "xg2g-transcoder")
	if err := privateDir(dir); err != nil {
		c.Logger.Warn("compiled code is not kept", "error", err)
		return "", nil
	}
	return dir, nil
}

// privateDir makes a folder that only this user can write to, or checks that it is one.
func privateDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	const othersWrite = 0o022
	switch {
	case !info.IsDir():
		return fmt.Errorf("%s is not a folder", dir)
	case info.Mode().Perm()&othersWrite != 0:
		return fmt.Errorf("others can write to %s (mode %v); make it 0700 or name another", dir, info.Mode().Perm())
	case !ownedByUser(info):
		return fmt.Errorf("%s belongs to another user; name another folder", dir)
	}
	return nil
}
