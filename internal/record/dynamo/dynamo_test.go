package dynamo_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/record/contract"
	"github.com/tagwarden/tagwarden/internal/record/dynamo"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

func at(t time.Time) func() time.Time { return func() time.Time { return t } }

func TestDynamoKeepsTheContract(t *testing.T) {
	contract.Run(t, func(*testing.T) record.Ledger { return dynamo.New("ledger", newTable(), at(noon)) })
}

// Others write to the same items all the time, and each tenth transaction is
// refused for it.
func TestDynamoKeepsTheContractAmongOthers(t *testing.T) {
	contract.Run(t, func(*testing.T) record.Ledger {
		table := newTable()
		table.before = func([]dynamo.Write) error {
			if rand.N(10) == 0 {
				return dynamo.ErrConflict
			}
			return nil
		}
		return dynamo.New("ledger", table, at(noon))
	})
}
