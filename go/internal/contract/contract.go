// Package contract names what wit/transcoder.wit becomes at the level of core WebAssembly: the functions that the core
// module of the plugin exports and imports, by the canonical ABI's naming and flattening rules.
package contract

// Interface is the one that the component exports.
const Interface = Name + "@" + Version

// Name is the interface without its version.
const Name = "xg2g:transcoder/transcoder"

// Version is the contract's.
const Version = "1.0.0"

// ResourceModule is the core module name under which the plugin imports the handle table of its own resource.
const ResourceModule = "[export]" + Interface

// The functions of the handle table: resource.new, resource.rep and resource.drop of the canonical ABI.
const (
	ResourceNew  = "[resource-new]session"
	ResourceRep  = "[resource-rep]session"
	ResourceDrop = "[resource-drop]session"
)

// Memory is the export name of the linear memory.
const Memory = "memory"

// Func is a function that the core module exports.
type Func int

// The functions in the order of [Funcs].
const (
	Realloc Func = iota
	Start
	Initialize
	Open
	OpenPost
	Process
	ProcessPost
	Finish
	FinishPost
	Report
	ReportPost
	Inspect
	InspectPost
	GetVersion
	GetVersionPost
	Destroy
	Count // how many there are
)

// Signature is a function's core type. Every parameter and every result of this contract is an i32.
type Signature struct {
	// Name is the export's.
	Name string
	// Call is the contract's name of it, for messages.
	Call string
	// Params is how many i32 it takes.
	Params int
	// Results is how many i32 it returns: 0 or 1.
	Results int
	// Optional functions may be missing: nothing has to be done then.
	Optional bool
}

// optionsFlat is how many i32 the record options is flattened to: four options of a discriminant and a value each, two lists
// of a pointer and a length each.
const optionsFlat = 4*2 + 2*2

// Funcs holds the signature of each function. Results that flatten to more than one value are returned through a pointer, and
// the function cabi_post_… frees what that points to.
var Funcs = [Count]Signature{
	Realloc:        {Name: "cabi_realloc", Call: "cabi_realloc", Params: 4, Results: 1},
	Start:          {Name: "xg2g:start", Call: "start", Optional: true}, // the start function, once it is an export
	Initialize:     {Name: "_initialize", Call: "_initialize", Optional: true},
	Open:           lifted("[static]session.open", "open", optionsFlat),
	OpenPost:       post("[static]session.open", "open"),
	Process:        lifted("[method]session.process", "process", 3),
	ProcessPost:    post("[method]session.process", "process"),
	Finish:         lifted("[method]session.finish", "finish", 1),
	FinishPost:     post("[method]session.finish", "finish"),
	Report:         lifted("[method]session.report", "report", 1),
	ReportPost:     post("[method]session.report", "report"),
	Inspect:        lifted("inspect", "inspect", 2+optionsFlat),
	InspectPost:    post("inspect", "inspect"),
	GetVersion:     lifted("version", "version", 0),
	GetVersionPost: post("version", "version"),
	Destroy:        {Name: Interface + "#[dtor]session", Call: "drop", Params: 1, Optional: true},
}

func lifted(name, call string, params int) Signature {
	return Signature{Name: Interface + "#" + name, Call: call, Params: params, Results: 1}
}

func post(name, call string) Signature {
	return Signature{Name: "cabi_post_" + Interface + "#" + name, Call: call, Params: 1, Optional: true}
}

// String is the contract's name of the function.
func (f Func) String() string { return Funcs[f].Call }
