package reconcile

// What scenarios ask of the reconciler beside what it exports.
var (
	Leaving   = leaving
	Departed  = departed
	Objection = objection
	Retired   = retired
	Has       = has
)
