package aws

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tagwarden/tagwarden/internal/record/dynamo"
)

// attributeOf is the SDK's form of a value.
func attributeOf(v any) types.AttributeValue {
	switch v := v.(type) {
	case string:
		return &types.AttributeValueMemberS{Value: v}
	case int64:
		return &types.AttributeValueMemberN{Value: strconv.FormatInt(v, 10)}
	case []byte:
		return &types.AttributeValueMemberB{Value: v}
	}
	return &types.AttributeValueMemberNULL{Value: true}
}

func attributes(i dynamo.Item) map[string]types.AttributeValue {
	out := make(map[string]types.AttributeValue, len(i))
	for name, v := range i {
		out[name] = attributeOf(v)
	}
	return out
}

func keyAttributes(k dynamo.Key) map[string]types.AttributeValue {
	return attributes(dynamo.Item{dynamo.AttrPK: k.PK, dynamo.AttrSK: k.SK})
}

// ledgerItem is the item without what the ledger never writes.
func ledgerItem(attributes map[string]types.AttributeValue) dynamo.Item {
	i := make(dynamo.Item, len(attributes))
	for name, v := range attributes {
		switch v := v.(type) {
		case *types.AttributeValueMemberS:
			i[name] = v.Value
		case *types.AttributeValueMemberB:
			i[name] = v.Value
		case *types.AttributeValueMemberN:
			if n, err := strconv.ParseInt(v.Value, 10, 64); err == nil {
				i[name] = n
			}
		}
	}
	return i
}

// writing is the expressions of a write. Names are always referred to: half of
// the usual ones are reserved words of DynamoDB.
type writing struct {
	update, condition *string
	names             map[string]string
	values            map[string]types.AttributeValue
}

func (e *writing) name(n string) string {
	for ref, known := range e.names {
		if known == n {
			return ref
		}
	}
	if e.names == nil { // DynamoDB refuses an empty one
		e.names = map[string]string{}
	}
	ref := "#n" + strconv.Itoa(len(e.names))
	e.names[ref] = n
	return ref
}

func (e *writing) value(v any) string {
	if e.values == nil {
		e.values = map[string]types.AttributeValue{}
	}
	ref := ":v" + strconv.Itoa(len(e.values))
	e.values[ref] = attributeOf(v)
	return ref
}

// relations are how tests are written.
var relations = map[dynamo.Relation]string{dynamo.Equal: " = ", dynamo.AtMost: " <= ", dynamo.AtLeast: " >= "}

// newWriting writes the condition of a write, and of an update what it changes.
func newWriting(w dynamo.Write) *writing {
	e := &writing{}
	if w.Kind == dynamo.Update || len(w.Add) > 0 {
		var set, add []string
		for _, name := range slices.Sorted(maps.Keys(w.Set)) {
			set = append(set, e.name(name)+" = "+e.value(w.Set[name]))
		}
		for _, name := range slices.Sorted(maps.Keys(w.Add)) {
			add = append(add, e.name(name)+" "+e.value(w.Add[name]))
		}
		e.update = awssdk.String(strings.TrimSpace(clause("SET ", set) + clause("ADD ", add)))
	}
	var either []string
	for _, tests := range w.If {
		var all []string
		for _, t := range tests {
			if t.Is == dynamo.Absent {
				all = append(all, "attribute_not_exists("+e.name(t.Attr)+")")
				continue
			}
			all = append(all, e.name(t.Attr)+relations[t.Is]+e.value(t.Value))
		}
		either = append(either, "("+strings.Join(all, " AND ")+")")
	}
	if len(either) > 0 {
		e.condition = awssdk.String(strings.Join(either, " OR "))
	}
	return e
}

func clause(word string, parts []string) string {
	if len(parts) == 0 {
		return ""
	}
	return word + strings.Join(parts, ", ") + " "
}

// transactItem is one write of a transaction.
func transactItem(table string, w dynamo.Write) types.TransactWriteItem {
	e := newWriting(w)
	k := keyAttributes(w.Key)
	switch w.Kind {
	case dynamo.Update:
		return types.TransactWriteItem{Update: &types.Update{TableName: &table, Key: k, UpdateExpression: e.update,
			ConditionExpression: e.condition, ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values}}
	case dynamo.Delete:
		return types.TransactWriteItem{Delete: &types.Delete{TableName: &table, Key: k,
			ConditionExpression: e.condition, ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values}}
	case dynamo.Check:
		return types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{TableName: &table, Key: k,
			ConditionExpression: e.condition, ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values}}
	default:
		item := attributes(w.Set)
		maps.Copy(item, k)
		return types.TransactWriteItem{Put: &types.Put{TableName: &table, Item: item,
			ConditionExpression: e.condition, ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values}}
	}
}

// queryInput asks for a partition. What is read from the table itself is
// consistent; an index cannot be.
func queryInput(table string, q dynamo.Query) *dynamodb.QueryInput {
	pk, sk := dynamo.AttrPK, dynamo.AttrSK
	in := &dynamodb.QueryInput{TableName: &table, ScanIndexForward: awssdk.Bool(!q.Newest), ConsistentRead: awssdk.Bool(true)}
	switch q.Index {
	case dynamo.IndexByTime:
		pk, sk = dynamo.AttrHistory, dynamo.AttrAt
	case dynamo.IndexByResource:
		pk, sk = dynamo.AttrResource, dynamo.AttrAt
	}
	if q.Index != "" {
		in.IndexName, in.ConsistentRead = &q.Index, nil
	}
	e := &writing{}
	condition := e.name(pk) + " = " + e.value(q.PK)
	switch {
	case q.From != "" && q.To != "":
		condition += " AND " + e.name(sk) + " BETWEEN " + e.value(q.From) + " AND " + e.value(q.To)
	case q.From != "":
		condition += " AND " + e.name(sk) + " >= " + e.value(q.From)
	case q.To != "":
		condition += " AND " + e.name(sk) + " <= " + e.value(q.To)
	}
	in.KeyConditionExpression, in.ExpressionAttributeNames, in.ExpressionAttributeValues = &condition, e.names, e.values
	return in
}
