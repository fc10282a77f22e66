package spelling

import "testing"

func TestDidYouMean(t *testing.T) {
	words := []string{"podSubnet", "serviceSubnet", "externalNetwork"}
	for claim, tt := range map[string]struct{ word, want string }{
		"a slip of the finger is found":    {"podSubnett", `; did you mean "podSubnet"?`},
		"a wrong case is found":            {"servicesubnet", `; did you mean "serviceSubnet"?`},
		"a strange word gets no guess":     {"frobnicate", ""},
		"an exact word is its own nearest": {"podSubnet", `; did you mean "podSubnet"?`},
		"nothing is like nothing":          {"", ""},
	} {
		t.Run(claim, func(t *testing.T) {
			if got := DidYouMean(tt.word, words); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
