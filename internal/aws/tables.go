package aws

import (
	"cmp"
	"context"
	"fmt"
	"strconv"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tagwarden/tagwarden/internal/document"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/outside"
	"github.com/tagwarden/tagwarden/internal/rules"
)

// The calls about documents outside the policy files.
var (
	callScan          = need.Call{Service: "dynamodb", Operation: "Scan"}
	callDescribeTable = need.Call{Service: "dynamodb", Operation: "DescribeTable"}
	callCreateTable   = need.Call{Service: "dynamodb", Operation: "CreateTable"}
	callUpdateItem    = need.Call{Service: "dynamodb", Operation: "UpdateItem"}
	callDeleteItem    = need.Call{Service: "dynamodb", Operation: "DeleteItem"}
)

var _ outside.Tables = (*Session)(nil)

// tablesAPI is DynamoDB in one region.
type tablesAPI struct {
	list          func(context.Context, *dynamodb.ListTablesInput) (*dynamodb.ListTablesOutput, error)
	tags          func(context.Context, *dynamodb.ListTagsOfResourceInput) (*dynamodb.ListTagsOfResourceOutput, error)
	scan          func(context.Context, *dynamodb.ScanInput) (*dynamodb.ScanOutput, error)
	describeTable func(context.Context, *dynamodb.DescribeTableInput) (*dynamodb.DescribeTableOutput, error)
	createTable   func(context.Context, *dynamodb.CreateTableInput) (*dynamodb.CreateTableOutput, error)
	updateItem    func(context.Context, *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error)
	deleteItem    func(context.Context, *dynamodb.DeleteItemInput) (*dynamodb.DeleteItemOutput, error)
}

// tables returns DynamoDB where a document is.
func (s *Session) tables(call need.Call, r document.Ref) (*tablesAPI, error) {
	return s.dynamodb(call, cmp.Or(r.Region, s.Region()))
}

// dynamodb returns DynamoDB in a region.
func (s *Session) dynamodb(call need.Call, region string) (*tablesAPI, error) {
	return s.ddbs.get(call, region, func() *tablesAPI {
		c := dynamodb.NewFromConfig(s.cfg, func(o *dynamodb.Options) {
			o.Region = region
			o.APIOptions = append(o.APIOptions, s.bound)
		})
		at := newSite(region, awssdk.ToString(c.Options().BaseEndpoint))
		return &tablesAPI{
			list:          calling(at, callTables, c.ListTables),
			tags:          calling(at, callTableTags, c.ListTagsOfResource),
			scan:          calling(at, callScan, c.Scan),
			describeTable: calling(at, callDescribeTable, c.DescribeTable),
			createTable:   calling(at, callCreateTable, c.CreateTable),
			updateItem:    calling(at, callUpdateItem, c.UpdateItem),
			deleteItem:    calling(at, callDeleteItem, c.DeleteItem),
		}
	})
}

// Items reads all items of a table. The reads are consistent: a rule that was
// just written counts.
func (s *Session) Items(ctx context.Context, r document.Ref) ([]document.Item, error) {
	api, err := s.tables(callScan, r)
	if err != nil {
		return nil, err
	}
	var items []document.Item
	in := &dynamodb.ScanInput{TableName: &r.Table, ConsistentRead: awssdk.Bool(true)}
	for {
		out, err := api.scan(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, attributes := range out.Items {
			items = append(items, itemFrom(attributes))
		}
		switch {
		case len(items) > document.MaxItems:
			f := invalid(callScan, cmp.Or(r.Region, s.Region()), fmt.Sprintf("the table %s has more than %d items", r.Table, document.MaxItems))
			f.Hint = "keep what policies look up in a table of its own"
			return nil, f
		case len(out.LastEvaluatedKey) == 0: // a page may be empty without being the last
			return items, nil
		}
		in.ExclusiveStartKey = out.LastEvaluatedKey
	}
}

// itemFrom keeps of an item what can be read as text, and the types of the rest.
func itemFrom(attributes map[string]types.AttributeValue) document.Item {
	item := make(document.Item, len(attributes))
	for name, v := range attributes {
		item[name] = valueFrom(v)
	}
	return item
}

func valueFrom(v types.AttributeValue) document.Value {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return document.String(v.Value)
	case *types.AttributeValueMemberN:
		return document.Number(v.Value)
	case *types.AttributeValueMemberNULL:
		return document.Value{Type: "NULL"}
	case *types.AttributeValueMemberBOOL:
		return document.Value{Type: "BOOL"}
	case *types.AttributeValueMemberB:
		return document.Value{Type: "B"}
	case *types.AttributeValueMemberM:
		return document.Value{Type: "M"}
	case *types.AttributeValueMemberL:
		return document.Value{Type: "L"}
	case *types.AttributeValueMemberSS:
		return document.Value{Type: "SS"}
	case *types.AttributeValueMemberNS:
		return document.Value{Type: "NS"}
	case *types.AttributeValueMemberBS:
		return document.Value{Type: "BS"}
	default:
		return document.Value{Type: "?"}
	}
}

// attribute is the SDK's value of an S or an N.
func attribute(v document.Value) types.AttributeValue {
	if v.Type == "N" {
		return &types.AttributeValueMemberN{Value: v.Text}
	}
	return &types.AttributeValueMemberS{Value: v.Text}
}

// Describe says what a table is like.
func (s *Session) Describe(ctx context.Context, r document.Ref) (outside.Description, error) {
	api, err := s.tables(callDescribeTable, r)
	if err != nil {
		return outside.Description{}, err
	}
	out, err := api.describeTable(ctx, &dynamodb.DescribeTableInput{TableName: &r.Table})
	if err != nil {
		return outside.Description{}, err
	}
	var d outside.Description
	if out.Table == nil {
		return d, nil
	}
	d.Status = string(out.Table.TableStatus)
	for _, k := range out.Table.KeySchema {
		key := outside.Key{Name: awssdk.ToString(k.AttributeName)}
		for _, a := range out.Table.AttributeDefinitions {
			if awssdk.ToString(a.AttributeName) == key.Name {
				key.Type = string(a.AttributeType)
			}
		}
		if k.KeyType == types.KeyTypeRange {
			d.Range = key
		} else {
			d.Hash = key
		}
	}
	return d, nil
}

// Create begins to make a table of rules.
func (s *Session) Create(ctx context.Context, r document.Ref) error {
	api, err := s.tables(callCreateTable, r)
	if err != nil {
		return err
	}
	_, err = api.createTable(ctx, &dynamodb.CreateTableInput{
		TableName:            &r.Table,
		BillingMode:          types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: awssdk.String(rules.RuleID), AttributeType: types.ScalarAttributeTypeN}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: awssdk.String(rules.RuleID), KeyType: types.KeyTypeHash}},
	})
	return err
}

// Put changes one item, or makes it.
func (s *Session) Put(ctx context.Context, r document.Ref, old, next document.Item) error {
	api, err := s.tables(callUpdateItem, r)
	if err != nil {
		return err
	}
	e := unchanged(old)
	set, remove := "", ""
	for _, name := range rules.Attributes[1:] {
		if v, ok := next[name]; ok {
			set += separator(set, "SET ") + e.name(name) + " = " + e.value(attribute(v))
		} else {
			remove += separator(remove, " REMOVE ") + e.name(name)
		}
	}
	_, err = api.updateItem(ctx, &dynamodb.UpdateItemInput{TableName: &r.Table, Key: keyOf(next), UpdateExpression: awssdk.String(set + remove),
		ConditionExpression: &e.condition, ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values})
	return err
}

// Remove deletes an item.
func (s *Session) Remove(ctx context.Context, r document.Ref, old document.Item) error {
	api, err := s.tables(callDeleteItem, r)
	if err != nil {
		return err
	}
	e := unchanged(old)
	_, err = api.deleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &r.Table, Key: keyOf(old),
		ConditionExpression: &e.condition, ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values})
	return err
}

func keyOf(item document.Item) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{rules.RuleID: attribute(item[rules.RuleID])}
}

func separator(before, first string) string {
	if before == "" {
		return first
	}
	return ", "
}

// expression collects what an expression of DynamoDB refers to. Names are always
// referred to, because some (ACTION, DEFAULT) are reserved words of DynamoDB.
type expression struct {
	condition string
	names     map[string]string
	values    map[string]types.AttributeValue
}

func (e *expression) name(n string) string {
	e.names["#"+n] = n
	return "#" + n
}

func (e *expression) value(v types.AttributeValue) string {
	ref := ":v" + strconv.Itoa(len(e.values))
	if e.values == nil { // DynamoDB refuses an empty one
		e.values = map[string]types.AttributeValue{}
	}
	e.values[ref] = v
	return ref
}

// unchanged is the condition that an item has these attributes of a rule still,
// and without an item that there is none.
func unchanged(old document.Item) *expression {
	e := &expression{names: map[string]string{}}
	if old == nil {
		e.condition = "attribute_not_exists(" + e.name(rules.RuleID) + ")"
		return e
	}
	e.condition = "attribute_exists(" + e.name(rules.RuleID) + ")"
	for _, name := range rules.Attributes[1:] {
		v, ok := old[name]
		switch {
		case !ok:
			e.condition += " AND attribute_not_exists(" + e.name(name) + ")"
		case v.Type == "S" || v.Type == "N":
			e.condition += " AND " + e.name(name) + " = " + e.value(attribute(v))
		default:
			e.condition += " AND attribute_type(" + e.name(name) + ", " + e.value(attribute(document.String(v.Type))) + ")"
		}
	}
	return e
}
