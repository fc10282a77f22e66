package migrate

import (
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
)

// lines are options as "line [section] name=value".
func lines(options []Option, err error) []string {
	var all []string
	for _, o := range options {
		all = append(all, o.String()+"="+o.Value+" "+strings.Repeat("|", o.Line))
	}
	if err != nil {
		all = append(all, err.Error())
	}
	return all
}

func TestDialectOfOslo(t *testing.T) {
	for claim, tt := range map[string]struct {
		text string
		want []string
	}{
		"a section and both signs":       {"[a]\nx = 1\ny: 2\n", []string{"[a] x=1 ||", "[a] y=2 |||"}},
		"before any section":             {"x = 1\n", []string{"[DEFAULT] x=1 |"}},
		"comments":                       {"# x\n[a]\n; x\nx = 1 # not one\n", []string{"[a] x=1 # not one ||||"}},
		"quotation marks":                {"[a]\nx = \"1\"\ny = '2'\nz = \"3'\n", []string{"[a] x=1 ||", "[a] y=2 |||", "[a] z=\"3' ||||"}},
		"a value that goes on":           {"[a]\nx = 1,\n  2\n\n  # and then\ny = 3\n", []string{"[a] x=1,,2 ||", "[a] y=3 ||||||"}},
		"what is there twice":            {"[a]\nx = 1\n[b]\n[a]\nx = 2\n", []string{"[a] x=2 |||||"}},
		"ends of lines as of Windows":    {"[a]\r\nx = 1\r\n", []string{"[a] x=1 ||"}},
		"a byte order mark":              {"\ufeff[a]\nx = 1\n", []string{"[a] x=1 ||"}},
		"a value that is empty":          {"[a]\nx =\n", []string{"[a] x= ||"}},
		"what is no text":                {"[a]\nx\x00 = 1\n", []string{"2:1: is no text: it has characters that cannot be written"}},
		"a line that goes on with none":  {"[a]\n x = 1\n", []string{"2:1: an indented line goes on with nothing"}},
		"a section that is not closed":   {"[a\n", []string{"1:1: is not a section, such as [kubernetes]"}},
		"a line without a sign":          {"[a]\nx\n", []string{"2:1: has neither = nor :"}},
		"a line that begins with a sign": {"= 1\n", []string{"1:1: has neither = nor :"}},
	} {
		t.Run(claim, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, lines(oslo([]byte(tt.text)))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDialectOfGcfg(t *testing.T) {
	for claim, tt := range map[string]struct {
		text string
		want []string
	}{
		"a section":                    {"[Global]\nx = 1\n", []string{"[Global] x=1 ||"}},
		"a subsection":                 {"[Class \"a b\"]\nx = 1\n", []string{"[Class \"a b\"] x=1 ||"}},
		"comments":                     {"; x\n[a] # x\nx = 1 # x\n", []string{"[a] x=1 |||"}},
		"quotation marks and escapes":  {"[a]\nx = \"1 # \\\" \\\\\\t\"2\n", []string{"[a] x=1 # \" \\\t2 ||"}},
		"a name alone":                 {"[a]\nx\ny ; z\n", []string{"[a] x=true ||", "[a] y=true |||"}},
		"a byte order mark":            {"\ufeff[a]\nx = 1\n", []string{"[a] x=1 ||"}},
		"an option without a section":  {"x = 1\n", []string{"[] x=1 |", "1:1: a section before the first option is expected"}},
		"a section that is not closed": {"[a\nx = 1\n", []string{"1:3: ] is expected"}},
		"a section without a name":     {"[]\n", []string{"1:2: the name of a section is expected"}},
		"a value that is not closed":   {"[a]\nx = \"1\n", []string{"[a] x=1 ||", "2:5: string not terminated"}},
		"something else":               {"[a]\n= 1\n", []string{"2:1: a section or an option is expected"}},
	} {
		t.Run(claim, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, lines(gcfg([]byte(tt.text)))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What somebody keeps secret is nowhere in what comes out.
func TestSecretsAreNotRepeated(t *testing.T) {
	for name, made := range map[string]func([]byte, Choices) (Result, error){
		"[neutron]\npassword = s3cr3t\ntoken = s3cr3t\nusername = s3cr3t\n":                                                  Kuryr,
		"[Global]\npassword = s3cr3t\ntrustee-password = s3cr3t\napplication-credential-secret = s3cr3t\npasword = s3cr3t\n": OCCM,
	} {
		r, err := made([]byte(name), Choices{})
		if err != nil || len(r.Notes) < 3 {
			t.Errorf("%+v %v", r, err)
		}
		said := string(r.Text)
		for _, n := range r.Notes {
			said += n.Text
		}
		if strings.Contains(said, "s3cr3t") {
			t.Error(said)
		}
	}
}

// Every value is what YAML reads back, however strange.
func TestValuesAreReadBack(t *testing.T) {
	for _, text := range []string{"null", "true", "~", "- a", "a: b", "#", "1e3", "0x12", "123", "a\"b\\c\t", "ä", "", "d6438a81-22fa-4a88-9b05-c4723662ef36", "1m10s", "@x", "*x"} {
		m := kuryr.carry([]Option{{"neutron_defaults", "external_svc_net", text, 1}})
		m.chosen(Choices{})
		var read struct {
			Neutron struct {
				ExternalNetwork string `yaml:"externalNetwork"`
			} `yaml:"neutron"`
		}
		r := m.result("")
		if err := yaml.Unmarshal(r.Text, &read); err != nil || read.Neutron.ExternalNetwork != text {
			t.Errorf("%q is read as %q: %v", text, read.Neutron.ExternalNetwork, err)
		}
	}
}

// Every key that options become is written, and each in its place.
func TestEveryKeyHasAPlace(t *testing.T) {
	for _, d := range []dialect{kuryr, occm} {
		for section, options := range d.options {
			for name, means := range options {
				found := means.key == ""
				for _, key := range order {
					found = found || key == means.key
				}
				if !found || means.key == "" && means.say == "" {
					t.Errorf("[%s] %s: %+v", section, name, means)
				}
				if section != strings.ToLower(section) || name != strings.ToLower(name) {
					t.Errorf("[%s] %s would never be found", section, name)
				}
			}
		}
	}
}

// Whatever a file holds, what comes of it is YAML, or an error with its line.
func FuzzFiles(f *testing.F) {
	f.Add("[neutron_defaults]\nexternal_svc_net = x\n")
	f.Add("[Global]\ncloud = \"a\\nb\"\n[LoadBalancerClass \"x\"]\nsubnet-id = y\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, made := range []func([]byte, Choices) (Result, error){Kuryr, OCCM} {
			r, err := made([]byte(text), Choices{})
			var read map[string]any
			if err == nil {
				err = yaml.Unmarshal(r.Text, &read)
				if err != nil || read["kind"] != "Configuration" || read["clusterName"] != "kubernetes" {
					t.Fatalf("%v\n%s", err, r.Text)
				}
			}
		}
	})
}
