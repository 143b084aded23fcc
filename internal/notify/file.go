package notify

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/view"
)

// Files keeps what a file channel writes.
type Files interface {
	// Write writes a whole file of that name into a folder, replacing one of
	// the same name, and returns its path.
	Write(dir, name string, data []byte) (path string, err error)
}

// Folder is Files on this machine. Folders are made as needed. Files,
// and folders it makes, are for their owner alone, since digests tell much of
// an account.
type Folder struct{}

// Write writes beside the target first, so that whoever watches the folder
// never reads half a file.
func (Folder) Write(dir, name string, data []byte) (path string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("making the folder: %w", err)
	}
	f, err := os.CreateTemp(dir, ".tagwarden-*")
	if err != nil {
		return "", fmt.Errorf("writing into the folder: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name()) // the first error is the one to tell
		}
	}()
	_, err = f.Write(data)
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return "", fmt.Errorf("writing into the folder: %w", err)
	}
	path = filepath.Join(dir, name)
	if err = os.Rename(f.Name(), path); err != nil {
		return "", fmt.Errorf("writing into the folder: %w", err)
	}
	return path, nil
}

// writeFiles leaves a digest as a mail that a mail program opens, and as JSON.
func (n *Notifier) writeFiles(c *policy.Channel, d *view.Digest) (string, error) {
	if n.t.Files == nil {
		return "", invalid("file:write", "there is nowhere to write files to")
	}
	data, err := renderJSON(d)
	if err != nil {
		return "", err
	}
	mail, err := n.eml(c.Name, d)
	if err != nil {
		return "", fmt.Errorf("writing the digest as a mail: %w", err)
	}
	base := fileName(d)
	if _, err := n.t.Files.Write(c.File.Dir, base+".json", data); err != nil {
		return "", &fault.Error{Class: fault.Other, Call: "file:write", Err: err}
	}
	path, err := n.t.Files.Write(c.File.Dir, base+".eml", mail)
	if err != nil {
		return "", &fault.Error{Class: fault.Other, Call: "file:write", Err: err}
	}
	return path, nil
}

// fileName is the name, without an ending, of a digest's files: the time, the
// run, the channel and the owner. The delivery's id ends an owner's, since two
// addresses can be one once what files cannot hold is replaced.
func fileName(d *view.Digest) string {
	parts := []string{d.At.UTC().Format("20060102T150405Z"), slug(d.Run), slug(d.Channel)}
	if d.Address != "" {
		parts = append(parts, slug(d.Address), deliveryID(d)[:8])
	}
	return strings.Join(parts, "-")
}
