// Package policy reads policy files: bytes in, a checked set of policies out.
// It reports every mistake of every file at once, each with its place. It
// touches neither disk nor environment itself; both are passed in.
package policy

import (
	"path/filepath"
	"slices"

	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/document"
	"github.com/tagwarden/tagwarden/internal/expr"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// Source is one policy file.
type Source struct {
	// Name is what messages call the file.
	Name string
	// Data is what is in it.
	Data []byte
	// Dir is the folder that relative paths in it start at.
	Dir string
	// Open opens the tables that it names; with nil, none can be read.
	Open Opener
}

// language is the version of the policy language that this package reads.
const language = 1

// rawFile is one file as it was read.
type rawFile struct {
	version  val[int]
	settings val[rawSettings]
	channels val[[]entry[rawChannel]]
	defines  val[[]entry[string]]
	lookups  val[[]entry[rawLookup]]
	policies val[[]val[rawPolicy]]
	access   val[rawAccess]
}

// policyFile is the whole of a file.
var policyFile = section[rawFile]{name: "the file", doc: "A policy file of tagwarden.", fields: []field[rawFile]{
	must(key("version", "The version of the policy language: 1.", versionKind, func(f *rawFile) *val[int] { return &f.version })),
	key("settings", "What holds for all policies.", settingsSection.kind(), func(f *rawFile) *val[rawSettings] { return &f.settings }),
	key("channels", "The ways to tell people, by name.", mapOf(channelSection.kind()), func(f *rawFile) *val[[]entry[rawChannel]] { return &f.channels }),
	key("define", "Conditions in CEL, by name, which all expressions can use.", mapOf(filled), func(f *rawFile) *val[[]entry[string]] { return &f.defines }),
	key("policies", "What must hold.", listOf(policySection.kind()), func(f *rawFile) *val[[]val[rawPolicy]] { return &f.policies }),
	key("lookups", "Tables, by name, for lookup() in expressions and for allowed in tag rules.", mapOf(lookupSection.kind()),
		func(f *rawFile) *val[[]entry[rawLookup]] { return &f.lookups }),
	key("access", "What access control by tag is made from; tagwarden access writes it.", accessSection.kind(), func(f *rawFile) *val[rawAccess] { return &f.access }),
}}

// versionKind is the one version there is.
var versionKind = kind[int]{want: "1", schema: func(defs object) object { return object{"const": language} },
	read: func(r *reporter, n *node) (int, bool) {
		v, ok := count.read(r, n)
		if ok && v != language {
			r.fault(n, "write version: 1", "this version of tagwarden reads version 1 of the policy language, not %s", n.bare())
			return 0, false
		}
		return v, ok
	}}

// Load reads policy files and checks them, all together: settings may be in
// one of them, channels, definitions, tables and policies add up. env looks up
// an environment variable. The Set is nil where the list holds an error; warnings
// may accompany a Set. What came from the environment is never repeated in a
// diagnostic.
//
// Documents that the files name and do not hold (Set.Outside) are not read: a
// Set that needs the rules in them is for looking at, and LoadWith makes the one
// to judge with.
func Load(sources []Source, env func(string) (string, bool)) (*Set, diag.List) {
	return LoadWith(sources, env, nil)
}

// LoadWith is Load with what was read of the documents that the files name. A
// table of rules that could not be read, is empty or has a fault in it is an
// error, and every fault is told; a lookup like that counts as not read, with a
// warning. Of a shelf that is nil nothing is expected.
func LoadWith(sources []Source, env func(string) (string, bool), shelf document.Shelf) (*Set, diag.List) {
	l := &loader{reporter: &reporter{}, set: &Set{Channels: map[string]*Channel{}}, shelf: shelf}
	var roots []*node
	for _, in := range sources {
		l.set.Files = append(l.set.Files, in.Name)
		root := l.parse(in, env)
		if root == nil {
			l.partial = true
			continue
		}
		f, ok := policyFile.kind().read(l.reporter, root)
		if !ok || f.doubtful(root) {
			l.partial = true
		}
		l.files = append(l.files, f)
		roots = append(roots, root)
	}
	if len(sources) == 0 {
		l.file("policy files", "name a file or a folder", "there is nothing to read")
	}
	l.build(sources)
	l.conceal()
	l.list.Sort()
	if l.list.Err() != nil {
		return nil, l.list
	}
	l.set.Digest = digest(roots, l.tables, l.policies)
	return l.set, l.list
}

// doubtful says whether channels, tables or policies may be meant by something
// that was refused.
func (f *rawFile) doubtful(root *node) bool {
	for _, p := range root.pairs {
		if !slices.Contains(policyFile.keys(), p.key.text) || p.key.text == "channels" && !f.channels.set() ||
			p.key.text == "lookups" && !f.lookups.set() || p.key.text == "policies" && !f.policies.set() {
			return true
		}
	}
	return false
}

// loader makes a Set of files that were read.
type loader struct {
	*reporter
	files []rawFile
	set   *Set
	// partial says that a file could not be read as a whole, so that what is
	// missing may well be there.
	partial  bool
	settings rawSettings
	channels map[string]entry[rawChannel]
	order    []string // the channels' names, in the order of the files
	defines  map[string]*node
	tables   []*expr.Table
	compiler *expr.Compiler
	policies []*policyDraft
	woken    bool           // whether events wake the policy that is being built
	shelf    document.Shelf // what was read outside; nil: nothing was
}

// policyDraft is a policy on its way into the Set.
type policyDraft struct {
	at  *node
	raw rawPolicy
	*Policy
	own int // how many of Tags the file itself has, which come first
}

// build goes from what the files have to what they mean. It goes on after
// mistakes, so that all are found.
func (l *loader) build(sources []Source) {
	l.mergeSettings()
	l.mergeChannels()
	defines := l.mergeDefines()
	l.mergePolicies()
	if len(l.policies) == 0 && !l.partial {
		for i := range min(1, len(sources)) {
			l.file(sources[i].Name, "write at least one under policies:", "there is no policy")
		}
	}
	dir := ""
	if len(sources) > 0 {
		dir = sources[0].Dir
	}
	l.buildSettings(dir)
	l.buildTables()
	l.compiler = expr.NewCompiler(l.set.Settings.Zone, defines, l.tables...).Accounts(l.set.Settings.Accounts.known())
	l.set.Compiler = l.compiler
	l.checkDefines()
	l.buildExemptions()
	l.buildChannels()
	for _, p := range l.policies {
		l.buildPolicy(p)
		l.set.Policies = append(l.set.Policies, p.Policy)
	}
	l.checkOutcomes()
	l.checkTargets()
	l.compileRouters()
	l.buildAccess()
	l.checkPolicies()
}

// types are the types of resources that the policies are about; all that there
// are where no policy names one.
func (l *loader) types() []resource.Type {
	var types []resource.Type
	for _, p := range l.policies {
		types = append(types, p.Types...)
	}
	if len(types) == 0 {
		for _, s := range resource.Schemas() {
			types = append(types, s.Type)
		}
	}
	slices.Sort(types)
	return slices.Compact(types)
}

// beside is a path that starts at a policy file's folder.
func beside(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}
