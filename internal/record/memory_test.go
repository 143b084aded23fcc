package record_test

import (
	"testing"

	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/record/contract"
)

func TestMemoryKeepsTheContract(t *testing.T) {
	contract.Run(t, func(*testing.T) record.Ledger { return record.NewMemory() })
}
