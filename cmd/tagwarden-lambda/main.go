// Command tagwarden-lambda is tagwarden as a function of AWS Lambda, for every
// event that wakes it. Built as "bootstrap" it runs on provided.al2023.
package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"runtime/debug"
	"time"
	_ "time/tzdata" // zones, which the runtime has none of

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/tagwarden/tagwarden/internal/function"
)

func main() {
	open := func(path string) (fs.File, error) { return os.Open(path) }
	f := function.New(function.World{Environ: os.Environ(), Open: open, Log: os.Stderr, Now: time.Now}, version())
	slog.SetDefault(f.Logger()) // for what Lambda's library says itself
	f.Warm(context.Background())
	lambda.Start(handler{f})
}

// handler is how Lambda calls the function.
type handler struct{ function *function.Function }

// Invoke implements lambda.Handler.
func (h handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	id := ""
	if c, ok := lambdacontext.FromContext(ctx); ok {
		id = c.AwsRequestID
	}
	answer, err := h.function.Invoke(ctx, id, payload)
	if e, ok := errors.AsType[*function.Error](err); ok {
		return nil, messages.InvokeResponse_Error{Type: e.Name, Message: e.Error()}
	}
	if err != nil {
		return nil, err
	}
	return answer.Encode()
}

// version is that of the module as it was built.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}
