package deploy

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/tagwarden/tagwarden/internal/diag"
)

// What a file of Terraform is made of, beside objects, lists, text, numbers,
// true and false.
type (
	// block is one at the top of a file.
	block struct {
		kind   string
		labels []string
		body   object
		// comment is written above it, a line each.
		comment string
	}
	// nested is the body of a block in a block: its key is the block's kind.
	nested object
	// expr is an expression of our own as HCL has it; never text from outside.
	expr string
	// template is text with expressions in it: strings and exprs.
	template []any
	// encoded is a value that is handed over as JSON.
	encoded struct{ value any }
	// choice is one of two values.
	choice struct {
		when    expr
		yes, no any
	}
)

// hclWriter writes files and collects what HCL cannot say.
type hclWriter struct{ errs []error }

// hcl writes a file as terraform fmt writes it.
func (w *hclWriter) hcl(head string, blocks []block) []byte {
	f := hclwrite.NewEmptyFile()
	comment(f.Body(), head)
	for _, b := range blocks {
		f.Body().AppendNewline()
		comment(f.Body(), b.comment)
		w.body(f.Body().AppendNewBlock(b.kind, b.labels).Body(), b.body)
	}
	return hclwrite.Format(f.Bytes())
}

// body writes attributes, and blocks with an empty line above each.
func (w *hclWriter) body(b *hclwrite.Body, o object) {
	afterBlock := false
	for i, m := range o {
		in, isBlock := m.value.(nested)
		if i > 0 && (isBlock || afterBlock || m.comment != "") {
			b.AppendNewline()
		}
		afterBlock = isBlock
		comment(b, m.comment)
		if isBlock {
			w.body(b.AppendNewBlock(m.key, nil).Body(), object(in))
		} else {
			b.SetAttributeRaw(m.key, w.tokens(m.value))
		}
	}
}

// comment writes lines that have nothing in them that could end them.
func comment(b *hclwrite.Body, text string) {
	if text == "" {
		return
	}
	for line := range strings.SplitSeq(text, "\n") {
		b.AppendUnstructuredTokens(hclwrite.Tokens{{Type: hclsyntax.TokenComment, Bytes: []byte("# " + diag.Printable(line) + "\n")}})
	}
}

// tokens writes a value.
func (w *hclWriter) tokens(v any) hclwrite.Tokens {
	switch v := v.(type) {
	case string:
		return w.text(v)
	case int:
		return hclwrite.TokensForValue(cty.NumberIntVal(int64(v)))
	case bool:
		return hclwrite.TokensForValue(cty.BoolVal(v))
	case expr:
		return hclwrite.TokensForIdentifier(string(v))
	case template:
		return w.template(v)
	case encoded:
		return hclwrite.TokensForFunctionCall("jsonencode", w.tokens(v.value))
	case choice:
		out := append(hclwrite.TokensForIdentifier(string(v.when)), &hclwrite.Token{Type: hclsyntax.TokenQuestion, Bytes: []byte{'?'}})
		out = append(append(out, w.tokens(v.yes)...), &hclwrite.Token{Type: hclsyntax.TokenColon, Bytes: []byte{':'}})
		return append(out, w.tokens(v.no)...)
	case object:
		return w.object(v)
	case list:
		return w.list(v)
	default:
		panic(fmt.Sprintf("deploy: HCL has no %T", v)) // the renderer makes no other
	}
}

// errNormal says why a text is refused: Terraform reads all text in Unicode's
// normal form C ("Strings and Templates" in its documentation), and what is named
// in another form is something else.
var errNormal = errors.New("terraform reads it in another form: write its accents as one character each (Unicode's normal form C)")

// text writes text as Terraform reads it: no part of it is taken for an
// expression.
func (w *hclWriter) text(s string) hclwrite.Tokens {
	if !normal(s) {
		w.errs = append(w.errs, fmt.Errorf("writing %q: %w", s, errNormal))
	}
	return hclwrite.TokensForValue(cty.StringVal(s))
}

// normal says whether text stays as it is, also as JSON: there a letter stands
// for some characters, which an accent after it would join.
func normal(s string) bool {
	b, err := json.Marshal(s)
	return err == nil && utf8.ValidString(s) && cty.NormalizeString(s) == s && cty.NormalizeString(string(b)) == string(b)
}

// template writes text with expressions in it.
func (w *hclWriter) template(parts template) hclwrite.Tokens {
	out := hclwrite.Tokens{{Type: hclsyntax.TokenOQuote, Bytes: []byte{'"'}}}
	for i, p := range parts {
		switch p := p.(type) {
		case expr:
			out = append(out, &hclwrite.Token{Type: hclsyntax.TokenTemplateInterp, Bytes: []byte("${")},
				&hclwrite.Token{Type: hclsyntax.TokenIdent, Bytes: []byte(p)},
				&hclwrite.Token{Type: hclsyntax.TokenTemplateSeqEnd, Bytes: []byte{'}'}})
		case string:
			if r, _ := utf8.DecodeRuneInString(p); i > 0 && unicode.Is(unicode.M, r) {
				w.errs = append(w.errs, fmt.Errorf("writing %q after what only a deployment tells: %w", p, errNormal))
			}
			// A dollar or percent sign at the end would be taken with the brace of what
			// follows for an escaped one.
			rest := strings.TrimRight(p, "$%")
			quoted := w.text(rest)
			lit := quoted[1 : len(quoted)-1].Bytes()
			for _, r := range p[len(rest):] {
				lit = fmt.Appendf(lit, `\u%04x`, r)
			}
			out = append(out, &hclwrite.Token{Type: hclsyntax.TokenQuotedLit, Bytes: lit})
		}
	}
	return append(out, &hclwrite.Token{Type: hclsyntax.TokenCQuote, Bytes: []byte{'"'}})
}

// bareKey is a key that needs no quotes. HCL takes for at the beginning of an
// object for another thing.
var bareKey = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

var keywords = []string{"for", "null", "true", "false"}

// object writes one member on one line, and several on lines of their own.
func (w *hclWriter) object(o object) hclwrite.Tokens {
	attrs := make([]hclwrite.ObjectAttrTokens, len(o))
	for i, m := range o {
		name := w.text(m.key)
		if bareKey.MatchString(m.key) && !slices.Contains(keywords, m.key) {
			name = hclwrite.TokensForIdentifier(m.key)
		}
		attrs[i] = hclwrite.ObjectAttrTokens{Name: name, Value: w.tokens(m.value)}
	}
	if len(attrs) == 1 && !slices.Contains(attrs[0].Value.Bytes(), '\n') {
		out := hclwrite.Tokens{{Type: hclsyntax.TokenOBrace, Bytes: []byte{'{'}}}
		out = append(append(out, attrs[0].Name...), &hclwrite.Token{Type: hclsyntax.TokenEqual, Bytes: []byte{'='}})
		return append(append(out, attrs[0].Value...), &hclwrite.Token{Type: hclsyntax.TokenCBrace, Bytes: []byte{'}'}})
	}
	return hclwrite.TokensForObject(attrs)
}

// list writes a short list on one line, and the items of another on lines of
// their own.
func (w *hclWriter) list(l list) hclwrite.Tokens {
	items := make([]hclwrite.Tokens, len(l))
	size, lines := 0, false
	for i, v := range l {
		items[i] = w.tokens(v)
		b := items[i].Bytes()
		size += len(b) + 2
		lines = lines || slices.Contains(b, '\n')
	}
	if size <= lineWidth && (!lines || len(l) == 1) {
		return hclwrite.TokensForTuple(items)
	}
	newline := &hclwrite.Token{Type: hclsyntax.TokenNewline, Bytes: []byte{'\n'}}
	out := hclwrite.Tokens{{Type: hclsyntax.TokenOBrack, Bytes: []byte{'['}}, newline}
	for _, item := range items {
		out = append(append(out, item...), &hclwrite.Token{Type: hclsyntax.TokenComma, Bytes: []byte{','}}, newline)
	}
	return append(out, &hclwrite.Token{Type: hclsyntax.TokenCBrack, Bytes: []byte{']'}})
}
