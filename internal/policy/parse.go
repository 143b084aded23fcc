package policy

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// builder turns goccy's tree of one file into nodes.
type builder struct {
	*reporter
	src     *source
	env     func(string) (string, bool)
	anchors map[string]anchored
	count   int // values so far
	full    bool
}

// anchored is a value that aliases can name, and how many values are in it.
type anchored struct {
	value *node
	size  int
}

// parse reads one file's text. It returns nil where there is nothing to go on
// with; why is reported.
func (r *reporter) parse(in Source, env func(string) (string, bool)) *node {
	text, ok := r.clean(in)
	if !ok {
		return nil
	}
	src := &source{name: in.Name, dir: in.Dir, open: in.Open, lines: strings.Split(text, "\n")}
	if !r.characters(src) {
		return nil
	}
	tokens := lexer.Tokenize(mask(text))
	if !r.tokens(src, tokens) {
		return nil
	}
	file, err := parseTokens(tokens)
	if err != nil {
		r.syntax(src, err)
		return nil
	}
	body := r.document(src, file)
	if body == nil {
		return nil
	}
	b := &builder{reporter: r, src: src, env: env, anchors: map[string]anchored{}}
	root := b.node(body, "", nil)
	if b.full {
		return nil
	}
	return root
}

// clean checks size and encoding, and makes every line end with "\n".
func (r *reporter) clean(in Source) (string, bool) {
	data := bytes.TrimPrefix(in.Data, []byte("\xef\xbb\xbf"))
	if len(data) > MaxFile {
		r.file(in.Name, "split it into several files in one folder", "the file is larger than 1 MiB")
		return "", false
	}
	if !utf8.Valid(data) {
		r.encoding(in.Name, data)
		return "", false
	}
	text := strings.ReplaceAll(string(data), "\r\n", "\n")
	return strings.ReplaceAll(text, "\r", "\n"), true
}

func (r *reporter) encoding(name string, data []byte) {
	hint := "save it as UTF-8"
	good := 0
	for good < len(data) {
		c, size := utf8.DecodeRune(data[good:])
		if c == utf8.RuneError && size == 1 {
			break
		}
		good += size
	}
	src := &source{name: name, lines: strings.Split(string(data[:good]), "\n")}
	last := src.lines[len(src.lines)-1]
	end := &node{src: src, line: len(src.lines), col: utf8.RuneCountInString(last) + 1, width: 1}
	r.fault(end, hint, "the file is not UTF-8 from here on")
}

// characters refuses what YAML has no place for, and runs of empty lines.
func (r *reporter) characters(src *source) bool {
	empty := 0
	for i, l := range src.lines {
		if strings.TrimSpace(l) == "" {
			if empty++; empty > maxEmptyLines && i < len(src.lines)-1 {
				r.fault(&node{src: src, line: i + 1, col: 1, width: 1}, "delete some",
					"more than %d empty lines in a row", maxEmptyLines)
				return false
			}
			continue
		}
		empty = 0
		for c, ch := range []rune(l) {
			if ch < ' ' && ch != '\t' || ch == 0x7f || ch >= maskOpen && ch <= maskColon || ch == 0xfeff {
				r.fault(&node{src: src, line: i + 1, col: c + 1, width: 1}, `in double quotes it can be written as an escape`,
					"the character U+%04X cannot stand in a YAML file", ch)
				return false
			}
		}
	}
	return true
}

// tokenNode is a node for a message about a token.
func (r *reporter) tokenNode(src *source, t *token.Token) *node {
	word := unmasker.Replace(t.Value)
	n := &node{src: src, line: t.Position.Line, col: max(1, t.Position.Column), width: max(1, utf8.RuneCountInString(word))}
	n.settle(word)
	return n
}

// settle corrects a column that goccy counted wrong (it does after tabs), by
// looking a little to the right for what must stand there.
func (n *node) settle(first string) {
	lead, _ := utf8.DecodeRuneInString(first)
	row := n.src.row(n.line)
	const reach = 8
	for c := n.col; c < n.col+reach && c <= len(row); c++ {
		if row[c-1] == lead {
			n.col = c
			return
		}
	}
}

// errParser is what a panic of the parser becomes.
var errParser = errors.New("the text confuses the YAML parser")

// parseTokens runs goccy's parser. The parser panics on a few malformed texts;
// a mistake in a file must not end the program.
func parseTokens(tokens token.Tokens) (file *ast.File, err error) {
	defer func() {
		if recover() != nil {
			file, err = nil, errParser
		}
	}()
	return parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
}

// document returns the one document's body.
func (r *reporter) document(src *source, file *ast.File) ast.Node {
	var body ast.Node
	for _, d := range file.Docs {
		if d.Body == nil {
			continue
		}
		if body != nil {
			at := d.Body.GetToken()
			if d.Start != nil {
				at = d.Start
			}
			r.fault(r.tokenNode(src, at), "put the second into a file of its own; several files are read together",
				"a file holds one YAML document, this is a second one")
			return nil
		}
		body = d.Body
	}
	if body == nil {
		r.file(src.name, "begin with version: 1", "the file is empty")
	}
	return body
}
