package source_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// quiet is where the servers of the tests log that a client went away.
var quiet = log.New(io.Discard, "", 0)

// certificates are an authority and what it signed, as files.
type certificates struct {
	t                     *testing.T
	ca, client, key, both string

	root    *x509.Certificate
	rootKey *ecdsa.PrivateKey
}

func newCertificates(t *testing.T) *certificates {
	t.Helper()
	c := &certificates{t: t}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	c.root, c.rootKey = template, c.newKey()
	der := c.sign(template, c.rootKey)
	var err error
	if c.root, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := func(name string, blocks ...*pem.Block) string {
		var b []byte
		for _, block := range blocks {
			b = append(b, pem.EncodeToMemory(block)...)
		}
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	key := c.newKey()
	cert := &pem.Block{Type: "CERTIFICATE", Bytes: c.sign(&x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "client"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}, key)}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	private := &pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER}
	c.ca = file("ca.pem", &pem.Block{Type: "CERTIFICATE", Bytes: der})
	c.client = file("client.pem", cert)
	c.key = file("key.pem", private)
	c.both = file("both.pem", cert, private)
	return c
}

func (c *certificates) newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		c.t.Fatal(err)
	}
	return key
}

func (c *certificates) sign(template *x509.Certificate, key *ecdsa.PrivateKey) []byte {
	der, err := x509.CreateCertificate(rand.Reader, template, c.root, &key.PublicKey, c.rootKey)
	if err != nil {
		c.t.Fatal(err)
	}
	return der
}

// serving is a server with a certificate for an address.
func (c *certificates) serving(ip string, expired bool) *tls.Config {
	key := c.newKey()
	end := time.Now().Add(time.Hour)
	if expired {
		end = time.Now().Add(-time.Minute)
	}
	der := c.sign(&x509.Certificate{
		SerialNumber: big.NewInt(3), IPAddresses: []net.IP{net.ParseIP(ip)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: end,
	}, key)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

// asking is a server that wants a certificate of the client.
func (c *certificates) asking() *tls.Config {
	config := c.serving("127.0.0.1", false)
	config.ClientAuth = tls.RequireAndVerifyClientCert
	config.ClientCAs = x509.NewCertPool()
	config.ClientCAs.AddCert(c.root)
	return config
}
