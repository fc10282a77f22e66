package annotation

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// A form is how values of a type are written: for us, and for the API server, which checks
// them by an expression in CEL while nobody else can.
type form[T any] struct {
	parse  func(string) (T, error)
	format func(T) string
	cel    string // holds for the text %[1]s where parse takes it; empty: parse takes everything
	bad    string // a text that parse does not take, whose error is the rule in words
}

// ofText is for values of which nothing is known but that they are texts.
var ofText = form[string]{parse: parseText, format: text}

// unit and time of day: what time.ParseDuration reads, of which CEL has the same.
const isDuration = "%[1]s.matches('^[+]?([0-9]+([.][0-9]*)?|[.][0-9]+)(ns|us|µs|μs|ms|s|m|h)(([0-9]+([.][0-9]*)?|[.][0-9]+)(ns|us|µs|μs|ms|s|m|h))*$') && "

// The forms.
var (
	ofAddress = form[netip.Addr]{parse: ParseAddress, format: netip.Addr.String, cel: "isIP(%[1]s)", bad: "?"}
	ofBool    = form[bool]{parse: parseBool, format: formatBool, cel: oneOf("true", "false"), bad: "?"}
	ofID      = form[string]{parse: ParseID, format: text, bad: "?",
		cel: "%[1]s.matches('^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$')"}
	ofWord = form[string]{parse: parseWord, format: text, bad: "", cel: "%[1]s.matches('^[!-~]+$')"}
	ofTags = form[[]string]{parse: parseTags, format: func(tags []string) string { return strings.Join(tags, ",") }, bad: "a,,b",
		cel: "(%[1]s.trim() == '' && !%[1]s.contains(',') || %[1]s.split(',').all(t, t.trim() != '' && size(t.trim()) <= 255 && !t.trim().startsWith('octagate:')))"}
	ofLimit   = form[int]{parse: parseLimit, format: strconv.Itoa, bad: "?", cel: "%[1]s.matches('^[+]?0*[1-9][0-9]{0,9}$') && int(%[1]s) <= 2147483647"}
	ofRetries = form[int]{parse: ParseRetries, format: strconv.Itoa, bad: "?", cel: "%[1]s.matches('^[+]?0*([1-9]|10)$')"}
	ofTimeout = form[time.Duration]{parse: ParseTimeout, format: time.Duration.String, bad: "?",
		cel: isDuration + "duration(%[1]s) > duration('0s') && duration(%[1]s) <= duration('24h') && duration(string(duration(%[1]s).getMilliseconds()) + 'ms') == duration(%[1]s)"}
	ofInterval = form[time.Duration]{parse: ParseInterval, format: time.Duration.String, bad: "?",
		cel: isDuration + "duration(%[1]s) >= duration('1s') && duration(%[1]s) <= duration('1h') && duration(string(duration(%[1]s).getSeconds()) + 's') == duration(%[1]s)"}
	ofExceptions = form[map[string]string]{parse: parseExceptions, format: formatExceptions, bad: "?",
		cel: "%[1]s.split(';').all(x, x.contains(':') && x.substring(0, x.indexOf(':')).trim() != '' && x.substring(x.indexOf(':') + 1).trim() != '') && " +
			"%[1]s.split(';').map(x, x.split(':')[0].trim()).all(y, %[1]s.split(';').exists_one(x, x.split(':')[0].trim() == y))"}
	ofAlgorithm  = words(ParseAlgorithm, RoundRobin, LeastConnections, SourceIP, SourceIPPort)
	ofProxy      = words(parseProxy, NoProxy, ProxyV1, ProxyV2)
	ofMemberMode = words(ParseMemberMode, L3, L2)
	ofAnswer     = words(parseAnswer, Accepted, Unverified, Denied)
)

// words is the form of values that are one of a few words.
func words[T ~string](parse func(string) (T, error), all ...T) form[T] {
	return form[T]{parse: parse, format: func(v T) string { return string(v) }, cel: oneOf(all...), bad: "?"}
}

func oneOf[T ~string](all ...T) string {
	var quoted []string
	for _, v := range all {
		quoted = append(quoted, "'"+string(v)+"'")
	}
	return "%[1]s in [" + strings.Join(quoted, ", ") + "]"
}

// taken is the expression in CEL that holds for a text that the form takes.
func (f form[T]) taken(text string) string {
	if f.cel == "" {
		return ""
	}
	return fmt.Sprintf(f.cel, text)
}

// says is what is said of a text that the form does not take.
func (f form[T]) says() string {
	if _, err := f.parse(f.bad); err != nil {
		return err.Error()
	}
	return ""
}
