package contract

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"
)

// full returns a value in which no field is zero and no two are alike, so that
// a field that a ledger forgets, or swaps with another, shows. Fields that are
// added to a type later are filled as well.
func full[T any]() T {
	var v T
	n := 0
	fill(reflect.ValueOf(&v).Elem(), &n)
	return v
}

// elsewhere is a time zone that a ledger must not lose an hour to.
var elsewhere = time.FixedZone("elsewhere", 5*60*60+30*60)

func fill(v reflect.Value, n *int) {
	*n++
	if v.Type() == reflect.TypeFor[time.Time]() {
		at := noon.Add(time.Duration(*n)*time.Hour + time.Duration(*n)).In(elsewhere)
		v.Set(reflect.ValueOf(at))
		return
	}
	if v.Type() == reflect.TypeFor[json.RawMessage]() {
		v.SetBytes(fmt.Appendf(nil, `{"text": [%d]}`, *n))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint8: // an action; there are eight
		v.SetUint(uint64(*n%8 + 1))
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 3, 3))
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 3 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(key, n)
			fill(value, n)
			v.SetMapIndex(key, value)
		}
	default:
		panic(fmt.Sprintf("filling a %s: not known how", v.Type()))
	}
}
