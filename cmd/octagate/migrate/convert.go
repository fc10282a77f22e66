package migrate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// provider is the name of an Octavia provider; default is none.
func provider(value string) (string, error) {
	if value == "default" {
		return "", nil
	}
	return value, nil
}

// word is one of a few, in upper case.
func word(choices ...string) func(string) (string, error) {
	return func(value string) (string, error) {
		upper := strings.ToUpper(value)
		if upper != "" && !slices.Contains(choices, upper) {
			return "", fmt.Errorf("is not one of %s", strings.Join(choices, ", "))
		}
		return upper, nil
	}
}

// algorithm is how members are chosen.
var algorithm = word("ROUND_ROBIN", "LEAST_CONNECTIONS", "SOURCE_IP", "SOURCE_IP_PORT")

// milliseconds is a number of them; 0 is what the cloud has.
func milliseconds(value string) (string, error) {
	n, err := strconv.ParseUint(value, 10, 32)
	if err != nil {
		return "", fmt.Errorf("is not a number of milliseconds")
	}
	if n == 0 {
		return "", nil
	}
	return (time.Duration(n) * time.Millisecond).String(), nil
}

// interval is a duration, or a number of seconds.
func interval(value string) (string, error) {
	if n, err := strconv.ParseUint(value, 10, 32); err == nil {
		return (time.Duration(n) * time.Second).String(), nil
	}
	d, err := time.ParseDuration(value)
	if err != nil || d < 0 {
		return "", fmt.Errorf("is not a duration")
	}
	return d.String(), nil
}

// number is one as gcfg reads it, which 010 is ten to and 0x10 sixteen: other than to YAML.
func number(value string) (string, error) {
	digits, base := value, 10
	if hex, is := strings.CutPrefix(value, "0x"); is {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 31)
	if err != nil {
		return "", fmt.Errorf("is not a number")
	}
	return strconv.FormatUint(n, 10), nil
}

// port is an address on which something is served at a port.
func port(value string) (string, error) {
	n, err := strconv.ParseUint(value, 10, 16)
	if err != nil {
		return "", fmt.Errorf("is not a port")
	}
	return fmt.Sprintf(":%d", n), nil
}

// yesOrNo is a boolean in the words of oslo.config and gcfg.
func yesOrNo(value string) (string, error) {
	switch strings.ToLower(value) {
	case "true", "yes", "on", "1", "t", "y":
		return "true", nil
	case "false", "no", "off", "0", "f", "n":
		return "false", nil
	}
	return "", fmt.Errorf("is not true or false")
}

// unless is a boolean that is left out where it is as octagate has it anyway.
func unless(usual string) func(string) (string, error) {
	return func(value string) (string, error) {
		is, err := yesOrNo(value)
		if is == usual {
			return "", err
		}
		return is, err
	}
}
