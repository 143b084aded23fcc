package sim

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/document"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/outside"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/rules"
)

// Home is the region of calls about tables and objects that name none.
const Home = "us-east-1"

// The operations of DynamoDB and S3.
const (
	scanTable     = "dynamodb:Scan"
	describeTable = "dynamodb:DescribeTable"
	createTable   = "dynamodb:CreateTable"
	updateItem    = "dynamodb:UpdateItem"
	deleteItem    = "dynamodb:DeleteItem"
	getObject     = "s3:GetObject"
)

// Pages of AWS's documentation.
const (
	pageDynamo       = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html"
	pageDynamoNames  = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html"
	pageDynamoCreate = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html"
	pageS3           = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html"
)

// What DynamoDB and S3 refuse, of what tagwarden asks of them.
var (
	noTable     = Refusal{Any, "there is no such table, or it is not active yet", "ResourceNotFoundException", fault.NotFound, pageDynamo, false, nil}
	tableThere  = Refusal{createTable, "there is such a table", "ResourceInUseException", fault.WrongState, pageDynamoCreate, false, nil}
	badTable    = Refusal{Any, "that is not the name of a table", "ValidationException", fault.Invalid, pageDynamoNames, false, nil}
	noHashKey   = Refusal{updateItem, "the item has not the key of the table", "ValidationException", fault.Invalid, pageDynamo, false, nil}
	itemChanged = Refusal{Any, "the item is not as the condition says", "ConditionalCheckFailedException", fault.WrongState, pageDynamo, false, nil}
	noObject    = Refusal{getObject, "there is no such object", "NoSuchKey", fault.NotFound, pageS3, false, nil}
)

// building is how long DynamoDB takes to make a table; "a few seconds" by its
// documentation.
const building = 5 * time.Second

// place is where a table is, and its name.
type place struct{ region, table string }

// table is a table of DynamoDB.
type table struct {
	keys  outside.Description
	ready time.Time // when it can be used
	items map[string]document.Item
}

var _ outside.Tables = (*Account)(nil)

// AddTable makes a table that can be used at once, or replaces one: its hash key
// with its type, and its items. It counts as no call. It panics where an item
// has not that key.
func (a *Account) AddTable(region, name string, hash outside.Key, items ...document.Item) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.region(region)
	t := &table{keys: outside.Description{Status: outside.Active, Hash: hash}, items: map[string]document.Item{}}
	for _, item := range items {
		if v := item[hash.Name]; v.Type != hash.Type || v.Text == "" {
			panic(fmt.Sprintf("sim: the table %s: an item has no %s", name, hash))
		}
		t.items[item[hash.Name].Text] = maps.Clone(item)
	}
	a.tables[place{region, name}] = t
}

// AddObject puts an object into S3, whatever its region. It counts as no call.
func (a *Account) AddObject(bucket, key string, data []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.objects[document.Ref{Bucket: bucket, Key: key}.String()] = slices.Clone(data)
}

// Items reads all items of a table, in no order that means anything.
func (a *Account) Items(ctx context.Context, r document.Ref) ([]document.Item, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, t, err := a.onTable(ctx, scanTable, r)
	if err != nil {
		return nil, err
	}
	var items []document.Item
	for _, key := range slices.Sorted(maps.Keys(t.items)) {
		items = append(items, maps.Clone(t.items[key]))
	}
	return items, nil
}

// Object reads an object.
func (a *Account) Object(ctx context.Context, r document.Ref) ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	c, err := a.begin(ctx, getObject, resource.Place{Account: a.id, Region: cmp.Or(r.Region, Home)})
	if err != nil {
		return nil, err
	}
	data, ok := a.objects[document.Ref{Bucket: r.Bucket, Key: r.Key}.String()]
	if !ok {
		return nil, c.refused(noObject, r.String())
	}
	return slices.Clone(data), nil
}

// Describe says what a table is like.
func (a *Account) Describe(ctx context.Context, r document.Ref) (outside.Description, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	c, err := a.beginTable(ctx, describeTable, r)
	if err != nil {
		return outside.Description{}, err
	}
	t, ok := a.tables[place{c.region, r.Table}]
	if !ok {
		return outside.Description{}, c.refused(noTable, r.Table)
	}
	d := t.keys
	if a.clock.Now().Before(t.ready) {
		d.Status = "CREATING"
	}
	return d, nil
}

// Create begins to make a table of rules.
func (a *Account) Create(ctx context.Context, r document.Ref) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	c, err := a.beginTable(ctx, createTable, r)
	if err != nil {
		return err
	}
	at := place{c.region, r.Table}
	if a.tables[at] != nil {
		return c.refused(tableThere, r.Table)
	}
	hash := outside.Key{Name: rules.RuleID, Type: "N"}
	a.tables[at] = &table{keys: outside.Description{Status: outside.Active, Hash: hash}, ready: a.clock.Now().Add(building), items: map[string]document.Item{}}
	return nil
}

// Put changes one item, or makes it.
func (a *Account) Put(ctx context.Context, r document.Ref, old, next document.Item) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	t, key, err := a.onItem(ctx, updateItem, r, old, next)
	if err != nil {
		return err
	}
	item := maps.Clone(t.items[key])
	if item == nil {
		item = document.Item{}
	}
	for _, name := range rules.Attributes {
		if v, ok := next[name]; ok {
			item[name] = v
		} else {
			delete(item, name)
		}
	}
	t.items[key] = item
	return nil
}

// Remove deletes an item.
func (a *Account) Remove(ctx context.Context, r document.Ref, old document.Item) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	t, key, err := a.onItem(ctx, deleteItem, r, old, old)
	if err == nil {
		delete(t.items, key)
	}
	return err
}

var tableShape = regexp.MustCompile(`^[A-Za-z0-9_.-]{3,255}$`)

// beginTable begins a call about a table.
func (a *Account) beginTable(ctx context.Context, op string, r document.Ref) (*call, error) {
	c, err := a.begin(ctx, op, resource.Place{Account: a.id, Region: cmp.Or(r.Region, Home)})
	if err == nil && !tableShape.MatchString(r.Table) {
		return nil, c.refused(badTable, fmt.Sprintf("%q", r.Table))
	}
	return c, err
}

// onTable begins a call about what is in a table.
func (a *Account) onTable(ctx context.Context, op string, r document.Ref) (*call, *table, error) {
	c, err := a.beginTable(ctx, op, r)
	if err != nil {
		return nil, nil, err
	}
	t, ok := a.tables[place{c.region, r.Table}]
	if !ok || a.clock.Now().Before(t.ready) {
		return nil, nil, c.refused(noTable, r.Table)
	}
	return c, t, nil
}

// onItem begins a call that changes the item that has a key, if it is as it was.
func (a *Account) onItem(ctx context.Context, op string, r document.Ref, old, item document.Item) (*table, string, error) {
	c, t, err := a.onTable(ctx, op, r)
	if err != nil {
		return nil, "", err
	}
	key := item[t.keys.Hash.Name]
	if key.Type != t.keys.Hash.Type || key.Text == "" {
		return nil, "", c.refused(noHashKey, t.keys.Hash.String())
	}
	now, there := t.items[key.Text]
	same := there == (old != nil)
	for _, name := range rules.Attributes {
		same = same && now[name] == old[name]
	}
	if !same {
		return nil, "", c.refused(itemChanged, key.Text)
	}
	return t, key.Text, nil
}
