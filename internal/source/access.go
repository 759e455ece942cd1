package source

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"regexp"
	"strings"

	"gdump/internal/goroutine"
)

// Access is what opens the door of a target: who asks, and whom to trust.
type Access struct {
	Headers   []string // "Name: value", or "@file" with one a line
	Token     string   // sent as Authorization: Bearer
	TokenFile string   // the same, from a file
	CACert    string   // file of the authorities that are trusted, in PEM
	Cert, Key string   // files of the client certificate, in PEM
	Insecure  bool     // trust any certificate
}

// headers are what is sent with each request. The values in them are added to
// the secrets. login says that the URL has a user and perhaps a password, which
// were typed for this target alone and beat the token.
func (a Access) headers(login bool, secrets *Secrets) (http.Header, error) {
	h := http.Header{}
	add := func(flag, line string) error {
		name, value, ok := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		if !ok || !headerName.MatchString(name) || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			return &Error{Kind: Usage, Name: flag, What: "a header is 'Name: value'"}
		}
		h.Add(name, value)
		secrets.AddHeader(name, value)
		return nil
	}
	token := a.Token
	if a.TokenFile != "" {
		b, err := os.ReadFile(a.TokenFile)
		if err != nil {
			return nil, badFile("--token-file", a.TokenFile, reason(err))
		}
		if token = strings.TrimSpace(string(b)); token == "" {
			return nil, badFile("--token-file", a.TokenFile, "it is empty")
		}
	}
	if secrets.Add(token); token != "" && !login {
		if err := add("the token", "Authorization: Bearer "+token); err != nil {
			return nil, &Error{Kind: Usage, Name: "the token", What: "it contains a control character"}
		}
	}
	for _, line := range a.Headers {
		if name, ok := strings.CutPrefix(line, "@"); ok {
			b, err := os.ReadFile(name)
			if err != nil {
				return nil, badFile("--header", name, reason(err))
			}
			for l := range strings.Lines(string(b)) {
				if l = strings.TrimSpace(l); l == "" {
					continue
				}
				if err := add("--header @"+goroutine.Clean(name), l); err != nil {
					return nil, err
				}
			}
			continue
		}
		if err := add("--header", line); err != nil {
			return nil, err
		}
	}
	// What was typed for this target wins over the token.
	if v := h.Values("Authorization"); len(v) > 1 {
		h["Authorization"] = v[len(v)-1:]
	}
	return h, nil
}

var headerName = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

func badFile(flag, name, what string) error {
	return &Error{Kind: Usage, Name: flag + " " + goroutine.Clean(name), What: what}
}

// tlsConfig is whom to trust and how to answer who asks.
func (a Access) tlsConfig() (*tls.Config, error) {
	c := &tls.Config{InsecureSkipVerify: a.Insecure}
	if a.CACert != "" {
		b, err := os.ReadFile(a.CACert)
		if err != nil {
			return nil, badFile("--cacert", a.CACert, reason(err))
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(b) {
			return nil, badFile("--cacert", a.CACert, "no certificate in it")
		}
	}
	if a.Cert == "" {
		if a.Key != "" {
			return nil, badFile("--key", a.Key, "a key needs its certificate: --cert")
		}
		return c, nil
	}
	cert, err := os.ReadFile(a.Cert)
	if err != nil {
		return nil, badFile("--cert", a.Cert, reason(err))
	}
	keyFile := a.Key
	if keyFile == "" {
		keyFile = a.Cert // one file may hold both
	}
	key, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, badFile("--key", keyFile, reason(err))
	}
	pair, err := tls.X509KeyPair(cert, key)
	switch {
	case err == nil:
	case strings.Contains(string(key), "ENCRYPTED"):
		return nil, badFile("--key", keyFile, "the key is encrypted; gdump asks for no passphrase")
	case a.Key == "":
		return nil, badFile("--cert", a.Cert, "no private key in it: --key is required")
	default:
		return nil, badFile("--cert", a.Cert, reason(err))
	}
	c.Certificates = []tls.Certificate{pair}
	return c, nil
}
