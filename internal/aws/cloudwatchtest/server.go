// Package cloudwatchtest is CloudWatch's GetMetricData as an HTTP server in
// memory, for tests: the emulators that there are do not speak the protocol that
// AWS's SDK does, which is Smithy's RPC v2 in CBOR. It answers in pages, breaks
// off results between them, throttles, and refuses what CloudWatch refuses.
package cloudwatchtest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
)

// path is where the operation is asked for.
const path = "/service/GraniteServiceVersion20100801/operation/GetMetricData"

// Server is the stand-in. Its methods may be called at any time.
type Server struct {
	http *httptest.Server

	mu       sync.Mutex
	values   map[Query]float64
	status   map[string]string // by the value of the dimension
	requests []Request
	pageSize int
	failing  []failure
}

// Query is what is asked for of one metric.
type Query struct{ Namespace, Dimension, Value, Metric, Statistic string }

// Request is one call that was made, also where it was refused.
type Request struct {
	Start, End time.Time
	Period     time.Duration // of the first query
	Queries    []Query
	Token      string
}

type failure struct {
	status        int
	code, message string
}

// Start starts a server that ends with the test.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{values: map[Query]float64{}, status: map[string]string{}, pageSize: maxQueries}
	s.http = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.http.Close)
	return s
}

// URL is what AWS_ENDPOINT_URL_CLOUDWATCH is set to.
func (s *Server) URL() string { return s.http.URL }

// Set sets the number that a query is answered with. Others have no data.
func (s *Server) Set(q Query, v float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values[q] = v
}

// SetStatus makes the results of a resource, by the value of the dimension,
// come with a status other than Complete, and without data.
func (s *Server) SetStatus(value, status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status[value] = status
}

// SetPageSize sets how many results a page has. The last of a page that is
// followed by another comes in two parts.
func (s *Server) SetPageSize(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pageSize = n
}

// Fail makes the next n calls fail.
func (s *Server) Fail(n, status int, code, message string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		s.failing = append(s.failing, failure{status, code, message})
	}
}

// Requests are the calls so far.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// serve answers. It takes a moment before it does: an answer that is there
// before the request is wholly sent costs the client its connection.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	<-time.After(time.Millisecond)
	w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	w.Header().Set("Content-Type", "application/cbor")
	w.Header().Set("X-Amzn-Requestid", "00000000-0000-4000-8000-000000000001")
	if err != nil || r.Method != http.MethodPost || r.URL.Path != path || r.Header.Get("Smithy-Protocol") != "rpc-v2-cbor" {
		refuse(w, failure{http.StatusNotFound, "UnknownOperationException", "only GetMetricData is known here"})
		return
	}
	in, err := decode(body)
	if err != nil {
		refuse(w, failure{http.StatusBadRequest, "SerializationException", err.Error()})
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, in.Request)
	if len(s.failing) > 0 {
		f := s.failing[0]
		s.failing = s.failing[1:]
		refuse(w, f)
		return
	}
	if f := in.wrong(); f != nil {
		refuse(w, *f)
		return
	}
	write(w, s.answer(in))
}

func write(w io.Writer, v cbor.Map) {
	// A client that has gone away gets nothing.
	_, _ = w.Write(cbor.Encode(v))
}

// refuse answers with an error.
func refuse(w http.ResponseWriter, f failure) {
	w.WriteHeader(f.status)
	write(w, cbor.Map{"__type": cbor.String("com.amazonaws.cloudwatch#" + f.code), "message": cbor.String(f.message)})
}
