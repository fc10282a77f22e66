package annotation

import (
	"errors"
	"maps"
	"slices"
	"strings"
)

// CheckExceptions is what octagate check says nothing about. Admission does not know it.
var CheckExceptions = Def[map[string]string]{
	Key: Prefix + "check-exceptions", Writer: Author, Default: "none",
	Doc:  "Rules that `octagate check` does not count against this Service, each with the reason: `protocol: DNS is served elsewhere; external-ips: until 2027`. Not for rules that guard others. Admission does not heed it.",
	form: ofExceptions,
}

// parseExceptions reads rules with their reasons.
func parseExceptions(s string) (map[string]string, error) {
	all := map[string]string{}
	for one := range strings.SplitSeq(s, ";") {
		rule, reason, _ := strings.Cut(one, ":")
		rule, reason = strings.TrimSpace(rule), strings.TrimSpace(reason)
		if _, again := all[rule]; rule == "" || reason == "" || again {
			return nil, errors.New("must be rules, each once and with its reason, such as protocol: DNS is served elsewhere")
		}
		all[rule] = reason
	}
	return all, nil
}

func formatExceptions(all map[string]string) string {
	var words []string
	for _, rule := range slices.Sorted(maps.Keys(all)) {
		words = append(words, rule+": "+all[rule])
	}
	return strings.Join(words, "; ")
}
