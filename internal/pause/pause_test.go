package pause_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/pause"
)

func TestAPauseEndsWithItsTimeOrWithTheContext(t *testing.T) {
	if err := pause.For(t.Context(), time.Nanosecond); err != nil {
		t.Error(err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := pause.For(ended, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
