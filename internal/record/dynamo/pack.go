package dynamo

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"
)

// readable is how long text may be to be kept as it is. What is longer, and
// what is no text, is compressed.
const readable = 16 << 10

// maxUnpacked bounds what a compressed value may become; the longest that was
// ever packed is a hold of some hundred thousand resources.
const maxUnpacked = 256 << 20

// pack makes an attribute of bytes.
func pack(data []byte) (any, error) {
	if len(data) <= readable && utf8.Valid(data) {
		return string(data), nil
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// unpack is the opposite; an attribute that is not there is nothing.
func unpack(v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		return []byte(v), nil
	case []byte:
		r, err := gzip.NewReader(bytes.NewReader(v))
		if err != nil {
			return nil, fmt.Errorf("unpacking a value: %w", err)
		}
		data, err := io.ReadAll(io.LimitReader(r, maxUnpacked))
		if err != nil {
			return nil, fmt.Errorf("unpacking a value: %w", err)
		}
		return data, nil
	}
	return nil, fmt.Errorf("unpacking a value: it is a %T", v)
}

// packJSON makes an attribute of a value that fits into an item.
func packJSON(v any) (any, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	packed, err := pack(data)
	if b, ok := packed.([]byte); ok && len(b) > maxItem {
		return nil, fmt.Errorf("a record of %d bytes is too long for DynamoDB, compressed too", len(data))
	}
	return packed, err
}

func unpackJSON(v, into any) error {
	data, err := unpack(v)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("reading a record: %w", err)
	}
	return nil
}
