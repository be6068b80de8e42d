package main

import (
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"sigs.k8s.io/yaml"
)

// seeds are scalars that some YAML parsers do not read as strings, and similar ones.
var seeds = []string{
	"~", "null", "Null", "NULL", "nULL", "nil", "none",
	"y", "Y", "yes", "Yes", "YES", "yEs", "n", "N", "no", "No", "NO", "nO",
	"on", "On", "ON", "oN", "off", "Off", "OFF", "oFF",
	"true", "True", "TRUE", "tRUE", "t", "T", "false", "False", "FALSE", "f", "F",
	"0", "00", "-0", "+0", "1", "-1", "+1", "01", "010", "017", "018", "08", "09", "-017", "+017", "0777",
	"0o17", "0O17", "0o18", "-0o17", "0o", "0x1F", "0X1f", "-0x1F", "+0x1F", "0x", "0xg", "0b101", "0B101",
	"-0b101", "+0b101", "0b102", "0b", "0b-1", "0b+1", "-0b-1", "0x-1", "0o-1", "0b_1", "0x_1F",
	"1_000", "_1", "1_", "1__0", "-_1", "0_7", "1_0.5", "1e_3", "0_", "+_",
	"12:30", "1:30:45", "190:20:30", "190:20:30.15", "-12:30", "08:30", "23:59:59",
	"1.", "1.0", "1.5", ".5", "-.5", "+.5", ".", "..", "...", "-", "+", "--", "-.", "+.", "1.5.2", "1..5",
	"1e3", "1E3", "1e+3", "1e-3", "1e", "1e+", "e3", ".e3", ".5e3", "1.e3", "1e400", "-1e400", "1e-400", ".5e400",
	"0.1", "0.30000000000000004", "1e20", "1e21", "1e22", "123456789012345678901234567890", "-0.0", "0e0", "08.5",
	"9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
	"+9223372036854775808", "18446744073709551615", "18446744073709551616", "10000000000000000000",
	"0xFFFFFFFFFFFFFFFF", "0x10000000000000000", "-0x8000000000000000", "0b1111111111111111111111111111111111111111111111111111111111111111",
	"9007199254740993", "12345678901234567890123", "100000000000000000000", "1000000000000000000000",
	".inf", ".Inf", ".INF", ".iNF", "+.inf", "+.Inf", "-.inf", "-.INF", "inf", "Inf", "infinity", "+inf", "-inf",
	".nan", ".NaN", ".NAN", ".Nan", "nan", "NaN", "+.nan", "0x1p-2", "0x1.8p1", "1p3",
	"2001-01-01", "2001-1-1", "2001-01-01T00:00:00Z", "2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43.10 -5",
	"2001-12-15 2:59:43.10", "2001-13-01", "20010101", "2001-", "0001-01-01", "12-30",
	"<<", "<", "=", "a", "abc", "/var/log", "a=b", "--flag=value", "--flag", "-f", "1.25.3", "v1", "v1.2",
	"1s", "1h30m", "10Mi", "100m", "0.5Gi", "1k", "10.0.0.1", "10.0.0.0/8", "::1", "fe80::1", "a:b", "1/2",
	"0600", "0o600", "600", "0644", "+1.5", "1,000", "1'000", "1a", "0a", "0b1a", "é", "1é", "½",
}

// alphabet contains the characters that determine the type of a scalar.
const alphabet = "01789+-._:eEoObxXyNf~<T"

// writeScalars writes Go's results for every seed, every seed with one character changed, added or removed, and every
// scalar of up to two characters of the alphabet.
func writeScalars(out io.Writer) error {
	candidates := map[string]bool{}
	for _, seed := range seeds {
		candidates[seed] = true
		for at := 0; at <= len(seed); at++ {
			for _, c := range alphabet {
				candidates[seed[:at]+string(c)+seed[at:]] = len(seed) < 6
				if at < len(seed) {
					candidates[seed[:at]+string(c)+seed[at+1:]] = len(seed) < 6
				}
			}
			if at < len(seed) {
				candidates[seed[:at]+seed[at+1:]] = true
			}
		}
	}
	for _, a := range alphabet {
		candidates[string(a)] = true
		for _, b := range alphabet {
			candidates[string(a)+string(b)] = true
		}
	}
	for _, seed := range seeds {
		candidates[seed] = true
	}
	sorted := make([]string, 0, len(candidates))
	for text, wanted := range candidates {
		if wanted && isPlain(text) {
			sorted = append(sorted, text)
		}
	}
	sort.Strings(sorted)
	fmt.Fprintln(out, "# plain scalar <TAB> what sigs.k8s.io/yaml v1.6.0 makes of it as JSON, or ! where it refuses it")
	fmt.Fprintln(out, "# regenerate: cd tests/go/yamljson && go run . -scalars > ../../yaml/go-scalars.tsv")
	for _, text := range sorted {
		if _, err := fmt.Fprintf(out, "%s\t%s\n", text, answer(text)); err != nil {
			return err
		}
	}
	return nil
}

// isPlain reports whether the whole text is one plain scalar, without structure or comments. A scalar that resolves to a
// string must be returned unchanged.
func isPlain(text string) bool {
	got := answer(text)
	if !utf8.ValidString(text) || text == "" || got == "" {
		return false
	}
	if got[0] != '"' {
		return got[0] != '[' && got[0] != '{'
	}
	unquoted, err := strconv.Unquote(got)
	return err == nil && (unquoted == text || text == "<<")
}

// answer returns the JSON of the scalar as an item of a list, so that the document is never empty.
func answer(text string) string {
	value, err := yaml.YAMLToJSON([]byte("- " + text + "\n"))
	if err != nil {
		// A value that JSON cannot represent, such as infinity; any other error means that it is not a scalar.
		if strings.Contains(err.Error(), "unsupported value") {
			return "!"
		}
		return ""
	}
	return string(value[1 : len(value)-1])
}
