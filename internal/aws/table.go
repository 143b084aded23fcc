package aws

import (
	"cmp"
	"context"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// tablePage is the most that ListTables gives at once.
const tablePage = 100

// tables reads one page of tables, or those with the ids, each by a call of its
// own because DynamoDB lists no more than names, and their tags.
func tables(ctx context.Context, s *Session, at resource.Place, ids []string, token *string) ([]resource.Resource, *string, error) {
	api, err := s.dynamodb(callTables, at.Region)
	if err != nil {
		return nil, nil, err
	}
	names := ids
	var next *string
	if len(ids) == 0 {
		out, err := api.list(ctx, &dynamodb.ListTablesInput{Limit: awssdk.Int32(tablePage), ExclusiveStartTableName: token})
		if err != nil {
			return nil, nil, err
		}
		names, next = out.TableNames, out.LastEvaluatedTableName
	}
	rs, err := eachByName(names, func(name string) (resource.Resource, error) {
		out, err := api.describeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
		if err != nil || out.Table == nil {
			return nil, err
		}
		return tableFrom(at, name, out.Table), nil
	})
	if err != nil {
		return nil, nil, err
	}
	bases := make([]*resource.Base, len(rs))
	for i, r := range rs {
		bases[i] = &r.(*resource.Table).Base
	}
	err = s.readTags(ctx, at, len(ids) > 0, bases, func(b *resource.Base) (tag.Set, error) { return api.tagsOf(ctx, at, b.Reference.ARN) })
	return rs, next, err
}

// tagsOf are the tags of one table; DynamoDB pages them.
func (a *tablesAPI) tagsOf(ctx context.Context, at resource.Place, arn string) (tag.Set, error) {
	set := tag.Set{}
	err := eachPage(callTableTags, at.Region, func(token *string) (*string, error) {
		out, err := a.tags(ctx, &dynamodb.ListTagsOfResourceInput{ResourceArn: &arn, NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, t := range out.Tags {
			if t.Key != nil {
				set[*t.Key] = awssdk.ToString(t.Value)
			}
		}
		return out.NextToken, nil
	})
	return set, err
}

// tableFrom makes a snapshot of what DynamoDB says of a table. Its tags are
// read by another call.
func tableFrom(at resource.Place, name string, in *types.TableDescription) *resource.Table {
	t := &resource.Table{
		Base:               resource.Base{Reference: resource.DynamoDBRef(at, name), TagSet: tag.Set{}},
		State:              string(in.TableStatus),
		CreatedAt:          utc(in.CreationDateTime),
		Size:               int(awssdk.ToInt64(in.TableSizeBytes)),
		Items:              int(awssdk.ToInt64(in.ItemCount)),
		BillingMode:        string(types.BillingModeProvisioned), // what a table has that tells none
		DeletionProtection: awssdk.ToBool(in.DeletionProtectionEnabled),
	}
	if in.BillingModeSummary != nil {
		t.BillingMode = cmp.Or(string(in.BillingModeSummary.BillingMode), t.BillingMode)
	}
	return t
}
