package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// jsonDepth is how deep the values of a JSON file may lie in one another; a tag
// policy needs six levels.
const jsonDepth = 20

// jsonReader makes the nodes of a policy file of a file in JSON, so that one way
// of telling mistakes serves both.
type jsonReader struct {
	*reporter
	src   *source
	data  []byte
	dec   *json.Decoder
	lines []int // the offset at which each line begins
}

// json reads a file in JSON. It returns nil where it is none; why is reported.
func (r *reporter) json(name string, data []byte) *node {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		r.encoding(name, data)
		return nil
	}
	j := &jsonReader{reporter: r, data: data, dec: json.NewDecoder(bytes.NewReader(data)), lines: []int{0}}
	j.dec.UseNumber()
	j.src = &source{name: name, lines: strings.Split(strings.ReplaceAll(string(data), "\r", " "), "\n")}
	for i, c := range data {
		if c == '\n' {
			j.lines = append(j.lines, i+1)
		}
	}
	root, err := j.value(0)
	if err == nil {
		at := int(j.dec.InputOffset())
		if _, err = j.dec.Token(); errors.Is(err, io.EOF) {
			return root
		}
		if err == nil {
			r.fault(j.at(j.skip(at), 1), "delete it", "there is more after the end of the JSON value")
			return nil
		}
	}
	j.malformed(err)
	return nil
}

var errDeep = errors.New("values lie too deep in one another")

// malformed reports what is no JSON, where the decoder stopped.
func (j *jsonReader) malformed(err error) {
	at := j.skip(int(j.dec.InputOffset()))
	if s, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = max(at, min(int(s.Offset)-1, len(j.data)-1))
	}
	if len(bytes.TrimSpace(j.data)) == 0 {
		j.file(j.src.name, `a tag policy begins with {"tags": {`, "the file is empty")
		return
	}
	why := "the file is not JSON from here on"
	switch {
	case errors.Is(err, errDeep):
		why = errDeep.Error()
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		at, why = len(j.data), "the file ends in the middle of a JSON value"
	}
	j.fault(j.at(at, 1), "names and texts stand in double quotes; nothing may follow the last of a list but its bracket", "%s", why)
}

// skip goes over what stands between two values.
func (j *jsonReader) skip(at int) int {
	for at < len(j.data) && strings.IndexByte(" \t\r\n,:", j.data[at]) >= 0 {
		at++
	}
	return at
}

// at is a node for a place in the file.
func (j *jsonReader) at(offset, width int) *node {
	offset = max(0, min(offset, len(j.data)))
	line := len(j.lines) - 1
	for line > 0 && j.lines[line] > offset {
		line--
	}
	return &node{src: j.src, style: double, line: line + 1, col: utf8.RuneCount(j.data[j.lines[line]:offset]) + 1, width: max(1, width)}
}

// value reads the next value.
func (j *jsonReader) value(depth int) (*node, error) {
	from := j.skip(int(j.dec.InputOffset()))
	t, err := j.dec.Token()
	if err != nil {
		return nil, err
	}
	n := j.at(from, utf8.RuneCount(j.data[from:j.dec.InputOffset()]))
	if depth > jsonDepth {
		return nil, errDeep
	}
	switch t := t.(type) {
	case json.Delim:
		n.style = plain
		n.shape = mapping
		if t == '[' {
			n.shape = sequence
		}
		return n, j.inside(n, depth)
	case string:
		n.text, n.written = t, t
	case json.Number:
		n.style, n.text, n.written = plain, t.String(), t.String()
	case bool:
		n.style, n.text = plain, "false"
		if t {
			n.text = "true"
		}
		n.written = n.text
	case nil:
		n.style, n.null = plain, true
	}
	return n, nil
}

// inside reads what an object or a list holds, and its end.
func (j *jsonReader) inside(n *node, depth int) error {
	for j.dec.More() {
		v, err := j.value(depth + 1)
		if err != nil {
			return err
		}
		if n.shape == sequence {
			v.label = n.label
			n.items = append(n.items, v)
			continue
		}
		v.label = v.text
		of, err := j.value(depth + 1)
		if err != nil {
			return err
		}
		of.name(v.text)
		n.pairs = append(n.pairs, pair{key: v, value: of})
	}
	_, err := j.dec.Token()
	return err
}

// name sets the key that a value stands under.
func (n *node) name(key string) {
	n.label = key
	for _, item := range n.items {
		item.label = key
	}
}
