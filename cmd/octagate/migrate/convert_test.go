package migrate

import "testing"

func TestConversions(t *testing.T) {
	for name, tt := range map[string]struct {
		convert func(string) (string, error)
		values  map[string]string
	}{
		"number":       {number, map[string]string{"3": "3", "010": "10", "0x10": "16", "": "is not a number", "-1": "is not a number", "1.5": "is not a number", "99999999999999999999": "is not a number"}},
		"interval":     {interval, map[string]string{"60": "1m0s", "060": "1m0s", "1m": "1m0s", "0": "0s", "-5": "is not a duration", "-5s": "is not a duration", "9223372036854775807": "is not a duration", "x": "is not a duration"}},
		"milliseconds": {milliseconds, map[string]string{"50000": "50s", "0": "", "010": "10ms", "-1": "is not a number of milliseconds", "9223372036854775807": "is not a number of milliseconds"}},
		"port":         {port, map[string]string{"8082": ":8082", "65536": "is not a port", "-1": "is not a port"}},
		"yes or no":    {yesOrNo, map[string]string{"True": "true", "0": "false", "maybe": "is not true or false"}},
	} {
		for value, want := range tt.values {
			got, err := tt.convert(value)
			if err != nil {
				got = err.Error()
			}
			if got != want {
				t.Errorf("%s %q: got %q, want %q", name, value, got, want)
			}
		}
	}
}
