package policy

import "encoding/json"

// JSONSchema is the JSON Schema (draft 2020-12) of a policy file, for editors:
// it completes and explains keys. It follows from the same tables as reading
// does. It says what the shape of a file is; Load says more.
func JSONSchema() []byte {
	defs := object{}
	s := policyFile.whole(defs)
	s["$defs"] = defs
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "tagwarden policy file"
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		panic("policy: the schema is made of maps, lists and strings: " + err.Error())
	}
	return append(b, '\n')
}
