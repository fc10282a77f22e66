package facts

// An Offer is something of Octavia's that a Service may choose.
type Offer struct {
	Name string `json:"name"`
	Off  bool   `json:"off,omitempty"` // an administrator has switched it off
}

// A Limit is how many of something the project may have. The zero Limit is unknown.
type Limit struct {
	Known bool `json:"known"`
	Most  int  `json:"most"` // -1: any number
}

// Room reports whether the project may have one more than it has.
func (l Limit) Room(has int) Answer {
	switch {
	case !l.Known:
		return Unknown
	case l.Most >= 0 && has >= l.Most:
		return No
	}
	return Yes
}
