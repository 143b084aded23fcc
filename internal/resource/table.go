package resource

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/tagwarden/tagwarden/internal/need"
)

// DynamoDBTable is the type of *Table.
const DynamoDBTable Type = "dynamodb:table"

// Table is what was read of a DynamoDB table. Its id is its name.
type Table struct {
	Base
	Lasting
	State     string // CREATING, ACTIVE, UPDATING, DELETING, ARCHIVED, …
	CreatedAt time.Time
	// Size in bytes, and Items: DynamoDB counts both about every six hours.
	Size, Items        int
	BillingMode        string // PROVISIONED, PAY_PER_REQUEST
	DeletionProtection bool
}

// Ended says that it is being deleted.
func (t *Table) Ended() bool { return t.State == "DELETING" }

// DynamoDBRef names a table.
func DynamoDBRef(at Place, name string) Ref {
	arn := fmt.Sprintf("arn:%s:dynamodb:%s:%s:table/%s", Partition(at.Region), at.Region, at.Account, name)
	return Ref{ID: name, ARN: arn, Type: DynamoDBTable, Account: at.Account, Region: at.Region}
}

var tableSchema = &Schema{
	Type:    DynamoDBTable,
	Title:   "DynamoDB table",
	Doc:     "A table; each replica of a global table is one of its own.",
	Actions: tagging,
	Metrics: tableMetrics,
	Fields: sorted(slices.Concat(shared[*Table](need.Tables), tableFields,
		createdFields(need.Tables, "created", func(t *Table) time.Time { return t.CreatedAt }))),
	Columns: []Column{
		column("Created (UTC)", func(t *Table) string { return utc(t.CreatedAt) }),
		column("Items", func(t *Table) string { return strconv.Itoa(t.Items) }),
		nameColumn, ownerColumn,
		column("Billing", func(t *Table) string { return t.BillingMode }),
	},
}

var tableFields = []Field{
	plain("state", String, need.Tables, "such as ACTIVE, UPDATING or ARCHIVED", func(t *Table) any { return t.State }),
	plain("size", Int, need.Tables, "its size in bytes, as counted within some six hours", func(t *Table) any { return t.Size }),
	plain("items", Int, need.Tables, "how many items it has, as counted within some six hours", func(t *Table) any { return t.Items }),
	plain("billing_mode", String, need.Tables, "PROVISIONED or PAY_PER_REQUEST", func(t *Table) any { return t.BillingMode }),
	plain("deletion_protection", Bool, need.Tables, "whether protection against deletion is on", func(t *Table) any { return t.DeletionProtection }),
}
