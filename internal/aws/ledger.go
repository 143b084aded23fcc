package aws

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/pause"
	"github.com/tagwarden/tagwarden/internal/record/dynamo"
)

// The calls of the ledger in a table.
var (
	callLedgerGet      = need.Call{Service: "dynamodb", Operation: "BatchGetItem"}
	callLedgerPut      = need.Call{Service: "dynamodb", Operation: "BatchWriteItem"}
	callLedgerQuery    = need.Call{Service: "dynamodb", Operation: "Query"}
	callLedgerTransact = need.Call{Service: "dynamodb", Operation: "TransactWriteItems"}
	callLedgerTTL      = need.Call{Service: "dynamodb", Operation: "DescribeTimeToLive"}
	callLedgerSetTTL   = need.Call{Service: "dynamodb", Operation: "UpdateTimeToLive"}
	callLedgerBackups  = need.Call{Service: "dynamodb", Operation: "UpdateContinuousBackups"}
)

// How many items one call takes.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const (
	maxBatchGet   = 100
	maxBatchWrite = 25
)

// ledgerAPI is DynamoDB in one region, as far as the ledger needs it.
type ledgerAPI struct {
	at         site
	batchGet   func(context.Context, *dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error)
	batchWrite func(context.Context, *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error)
	query      func(context.Context, *dynamodb.QueryInput) (*dynamodb.QueryOutput, error)
	transact   func(context.Context, *dynamodb.TransactWriteItemsInput) (*dynamodb.TransactWriteItemsOutput, error)
	update     func(context.Context, *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error)
	describe   func(context.Context, *dynamodb.DescribeTableInput) (*dynamodb.DescribeTableOutput, error)
	create     func(context.Context, *dynamodb.CreateTableInput) (*dynamodb.CreateTableOutput, error)
	ttl        func(context.Context, *dynamodb.DescribeTimeToLiveInput) (*dynamodb.DescribeTimeToLiveOutput, error)
	setTTL     func(context.Context, *dynamodb.UpdateTimeToLiveInput) (*dynamodb.UpdateTimeToLiveOutput, error)
	backups    func(context.Context, *dynamodb.UpdateContinuousBackupsInput) (*dynamodb.UpdateContinuousBackupsOutput, error)
}

func newLedgerAPI(c *dynamodb.Client, at site) *ledgerAPI {
	return &ledgerAPI{
		at:         at,
		batchGet:   calling(at, callLedgerGet, c.BatchGetItem),
		batchWrite: calling(at, callLedgerPut, c.BatchWriteItem),
		query:      calling(at, callLedgerQuery, c.Query),
		transact:   calling(at, callLedgerTransact, c.TransactWriteItems),
		update:     calling(at, callUpdateItem, c.UpdateItem),
		describe:   calling(at, callDescribeTable, c.DescribeTable),
		create:     calling(at, callCreateTable, c.CreateTable),
		ttl:        calling(at, callLedgerTTL, c.DescribeTimeToLive),
		setTTL:     calling(at, callLedgerSetTTL, c.UpdateTimeToLive),
		backups:    calling(at, callLedgerBackups, c.UpdateContinuousBackups),
	}
}

// LedgerTable is the table of a ledger.
type LedgerTable struct {
	name string
	api  *ledgerAPI
}

var _ dynamo.Table = (*LedgerTable)(nil)

// LedgerTable returns the table of that name, in the default region. It makes
// no call.
func (s *Session) LedgerTable(name string) (*LedgerTable, error) {
	return s.ledgerTable(name, s.Region())
}

func (s *Session) ledgerTable(name, region string) (*LedgerTable, error) {
	api, err := s.ledgers.get(callLedgerQuery, region, func() *ledgerAPI {
		c := dynamodb.NewFromConfig(s.cfg, func(o *dynamodb.Options) {
			o.Region = region
			o.APIOptions = append(o.APIOptions, s.bound)
		})
		return newLedgerAPI(c, newSite(region, awssdk.ToString(c.Options().BaseEndpoint)))
	})
	if err != nil {
		return nil, err
	}
	return &LedgerTable{name: name, api: api}, nil
}

// Get implements dynamo.Table.
func (t *LedgerTable) Get(ctx context.Context, keys []dynamo.Key) ([]dynamo.Item, error) {
	var items []dynamo.Item
	for some := range slices.Chunk(keys, maxBatchGet) {
		left := types.KeysAndAttributes{ConsistentRead: awssdk.Bool(true)}
		for _, k := range some {
			left.Keys = append(left.Keys, keyAttributes(k))
		}
		err := t.insist(ctx, callLedgerGet, func() (int, error) {
			out, err := t.api.batchGet(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{t.name: left}})
			if err != nil {
				return 0, err
			}
			for _, i := range out.Responses[t.name] {
				items = append(items, ledgerItem(i))
			}
			left.Keys = out.UnprocessedKeys[t.name].Keys
			return len(left.Keys), nil
		})
		if err != nil {
			return nil, err
		}
	}
	return items, nil
}

// Put implements dynamo.Table.
func (t *LedgerTable) Put(ctx context.Context, items []dynamo.Item) error {
	requests := make([]types.WriteRequest, len(items))
	for n, i := range items {
		requests[n].PutRequest = &types.PutRequest{Item: attributes(i)}
	}
	return t.batchWrite(ctx, requests)
}

// updaters is how many updates are under way at once; there is no call for
// several without a transaction.
const updaters = 8

// Update implements dynamo.Table.
func (t *LedgerTable) Update(ctx context.Context, sets map[dynamo.Key]dynamo.Item) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var group sync.WaitGroup
	slots := make(chan struct{}, updaters)
	for k, set := range sets {
		slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		group.Go(func() {
			defer func() { <-slots }()
			e := newWriting(dynamo.Write{Kind: dynamo.Update, Set: set})
			if _, err := t.api.update(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: keyAttributes(k), UpdateExpression: e.update,
				ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values}); err != nil {
				stop(err) // the first is the cause
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

// Delete implements dynamo.Table.
func (t *LedgerTable) Delete(ctx context.Context, keys []dynamo.Key) error {
	requests := make([]types.WriteRequest, len(keys))
	for n, k := range keys {
		requests[n].DeleteRequest = &types.DeleteRequest{Key: keyAttributes(k)}
	}
	return t.batchWrite(ctx, requests)
}

func (t *LedgerTable) batchWrite(ctx context.Context, requests []types.WriteRequest) error {
	for some := range slices.Chunk(requests, maxBatchWrite) {
		left := some
		err := t.insist(ctx, callLedgerPut, func() (int, error) {
			out, err := t.api.batchWrite(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{t.name: left}})
			if err != nil {
				return 0, err
			}
			left = out.UnprocessedItems[t.name]
			return len(left), nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// insist repeats a batch of which the answer leaves some undone, which is how
// DynamoDB says that it is asked for too much at once. It gives up where
// several answers in a row leave as many.
func (t *LedgerTable) insist(ctx context.Context, call need.Call, batch func() (left int, err error)) error {
	const patience = 8
	const shortest, longest = 50 * time.Millisecond, 5 * time.Second
	before, futile := 0, 0
	for {
		left, err := batch()
		if err != nil || left == 0 {
			return err
		}
		futile++
		if left < before {
			futile = 0
		}
		if before = left; futile == patience {
			return &fault.Error{Class: fault.Throttled, Call: call.String(), Region: t.api.at.region, Hint: throttled.hint,
				Message: "DynamoDB leaves items undone again and again"}
		}
		if err := pause.For(ctx, rand.N(min(shortest<<futile, longest))); err != nil {
			return t.api.at.failed(call, err)
		}
	}
}

// Query implements dynamo.Table.
func (t *LedgerTable) Query(ctx context.Context, q dynamo.Query) ([]dynamo.Item, error) {
	in := queryInput(t.name, q)
	var items []dynamo.Item
	for {
		if q.Limit > 0 {
			in.Limit = awssdk.Int32(int32(min(q.Limit-len(items), 1<<20)))
		}
		out, err := t.api.query(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, i := range out.Items {
			items = append(items, ledgerItem(i))
		}
		// A page may be empty without being the last.
		if len(out.LastEvaluatedKey) == 0 || q.Limit > 0 && len(items) >= q.Limit {
			return items, nil
		}
		in.ExclusiveStartKey = out.LastEvaluatedKey
	}
}

// Write implements dynamo.Table. The SDK gives each call a token, so that an
// attempt which it repeats is made once.
func (t *LedgerTable) Write(ctx context.Context, ws []dynamo.Write) error {
	in := &dynamodb.TransactWriteItemsInput{TransactItems: make([]types.TransactWriteItem, len(ws))}
	for n, w := range ws {
		in.TransactItems[n] = transactItem(t.name, w)
	}
	_, err := t.api.transact(ctx, in)
	return cancelled(err)
}

// cancelled says why a transaction was cancelled. Of several reasons a
// condition that does not hold is the one that lasts.
func cancelled(err error) error {
	if _, ok := errors.AsType[*types.TransactionInProgressException](err); ok {
		return errors.Join(dynamo.ErrConflict, err)
	}
	c, ok := errors.AsType[*types.TransactionCanceledException](err)
	if !ok {
		return err
	}
	has := func(codes ...string) int {
		return slices.IndexFunc(c.CancellationReasons, func(r types.CancellationReason) bool {
			return slices.Contains(codes, awssdk.ToString(r.Code))
		})
	}
	if n := has("ConditionalCheckFailed"); n >= 0 {
		return &dynamo.ConditionError{At: n}
	}
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return err
	}
	if n := has("ProvisionedThroughputExceeded", "ThrottlingError"); n >= 0 {
		f.Class, f.Hint = throttled.class, throttled.hint
		return f
	}
	if has("TransactionConflict") >= 0 {
		return errors.Join(dynamo.ErrConflict, err)
	}
	if n := has("ValidationError", "ItemCollectionSizeLimitExceeded"); n >= 0 {
		f.Class, f.Message = fault.Invalid, oneLine(awssdk.ToString(c.CancellationReasons[n].Message))
	}
	return f
}

// Count implements dynamo.Table.
func (t *LedgerTable) Count(ctx context.Context, k dynamo.Key, attr string, n int64) (int64, error) {
	e := newWriting(dynamo.Write{Add: map[string]int64{attr: n}})
	out, err := t.api.update(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: keyAttributes(k), UpdateExpression: e.update,
		ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values, ReturnValues: types.ReturnValueUpdatedNew})
	if err != nil {
		return 0, err
	}
	sum, ok := ledgerItem(out.Attributes)[attr].(int64)
	if !ok {
		return 0, &fault.Error{Class: fault.Other, Call: callUpdateItem.String(), Region: t.api.at.region, Message: "the answer has no sum"}
	}
	return sum, nil
}
