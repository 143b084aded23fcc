package aws

import (
	"context"
	"fmt"
	"slices"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/pause"
	"github.com/tagwarden/tagwarden/internal/record/dynamo"
)

// lookAgain is how often a table that is being made is looked at. It takes
// DynamoDB some seconds.
const lookAgain = 2 * time.Second

// ledgerIndexes are the indexes of a ledger, by name, and their hash keys.
var ledgerIndexes = map[string]string{dynamo.IndexByTime: dynamo.AttrHistory, dynamo.IndexByResource: dynamo.AttrResource}

// Init makes the table, which takes some seconds, and lets DynamoDB delete what
// may be forgotten and keep backups of the last 35 days. What is there already
// is left as it is; one that is no ledger's is refused. made says that the table
// was made now.
func (t *LedgerTable) Init(ctx context.Context) (made bool, err error) {
	there, err := t.look(ctx)
	switch {
	case fault.ClassOf(err) == fault.NotFound:
		made = true
		if _, err := t.api.create(ctx, ledgerTable(t.name)); err != nil {
			return false, err
		}
	case err != nil:
		return false, err
	}
	for !there {
		// A table that was just made may not be found at once.
		there, err = t.look(ctx)
		if err != nil && (!made || fault.ClassOf(err) != fault.NotFound) {
			return made, err
		}
		if there {
			break
		}
		if err := pause.For(ctx, lookAgain); err != nil {
			return made, t.api.at.failed(callDescribeTable, err)
		}
	}
	return made, t.keep(ctx)
}

// look says whether the table is there and can be used.
func (t *LedgerTable) look(ctx context.Context) (bool, error) {
	out, err := t.api.describe(ctx, &dynamodb.DescribeTableInput{TableName: &t.name})
	if err != nil {
		return false, err
	}
	d := out.Table
	ready := d.TableStatus == types.TableStatusActive || d.TableStatus == types.TableStatusUpdating
	ours := keyed(d.KeySchema, dynamo.AttrPK, dynamo.AttrSK)
	for name, hash := range ledgerIndexes {
		n := slices.IndexFunc(d.GlobalSecondaryIndexes, func(i types.GlobalSecondaryIndexDescription) bool {
			return awssdk.ToString(i.IndexName) == name && keyed(i.KeySchema, hash, dynamo.AttrAt)
		})
		if ours = ours && n >= 0; ours {
			ready = ready && d.GlobalSecondaryIndexes[n].IndexStatus == types.IndexStatusActive
		}
	}
	if !ours {
		f := invalid(callDescribeTable, t.api.at.region, fmt.Sprintf("the table %s has not the keys and indexes of a ledger", t.name))
		f.Hint = "give the ledger a table of its own"
		return false, f
	}
	return ready, nil
}

func keyed(schema []types.KeySchemaElement, hash, sort string) bool {
	is := func(name string, kind types.KeyType) bool {
		return slices.ContainsFunc(schema, func(e types.KeySchemaElement) bool {
			return awssdk.ToString(e.AttributeName) == name && e.KeyType == kind
		})
	}
	return len(schema) == 2 && is(hash, types.KeyTypeHash) && is(sort, types.KeyTypeRange)
}

// ledgerTable is the table of a ledger: paid by the request.
func ledgerTable(name string) *dynamodb.CreateTableInput {
	schema := func(hash, sort string) []types.KeySchemaElement {
		return []types.KeySchemaElement{{AttributeName: &hash, KeyType: types.KeyTypeHash}, {AttributeName: &sort, KeyType: types.KeyTypeRange}}
	}
	in := &dynamodb.CreateTableInput{TableName: &name, BillingMode: types.BillingModePayPerRequest, KeySchema: schema(dynamo.AttrPK, dynamo.AttrSK)}
	for _, a := range []string{dynamo.AttrPK, dynamo.AttrSK, dynamo.AttrHistory, dynamo.AttrResource, dynamo.AttrAt} {
		in.AttributeDefinitions = append(in.AttributeDefinitions, types.AttributeDefinition{AttributeName: &a, AttributeType: types.ScalarAttributeTypeS})
	}
	for index, hash := range ledgerIndexes {
		in.GlobalSecondaryIndexes = append(in.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{IndexName: &index,
			KeySchema: schema(hash, dynamo.AttrAt), Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll}})
	}
	return in
}

// keep sets what of the table is set after it was made.
func (t *LedgerTable) keep(ctx context.Context) error {
	out, err := t.api.ttl(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &t.name})
	if err != nil {
		return err
	}
	if d := out.TimeToLiveDescription; d == nil || d.TimeToLiveStatus == types.TimeToLiveStatusDisabled || d.TimeToLiveStatus == "" {
		spec := &types.TimeToLiveSpecification{AttributeName: awssdk.String(dynamo.AttrTTL), Enabled: awssdk.Bool(true)}
		if _, err := t.api.setTTL(ctx, &dynamodb.UpdateTimeToLiveInput{TableName: &t.name, TimeToLiveSpecification: spec}); err != nil {
			return err
		}
	}
	for {
		_, err = t.api.backups(ctx, &dynamodb.UpdateContinuousBackupsInput{TableName: &t.name,
			PointInTimeRecoverySpecification: &types.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: awssdk.Bool(true)}})
		if !fault.ClassOf(err).Passes() {
			return err
		}
		// A table that was just made takes it a little later.
		if stopped := pause.For(ctx, lookAgain); stopped != nil {
			return err
		}
	}
}
