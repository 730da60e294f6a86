// Writes, from the keys in testdata, what Go's crypto/x509 makes of the inputs
// of our golden tests and of a few thousand odd encodings. Kubernetes' signer,
// its API server and the kubelet are this code. Run: ../regenerate.sh
package main

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"
	"time"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func write(name string, data []byte) {
	if err := os.WriteFile(name, data, 0o644); err != nil {
		panic(err)
	}
}

func readKey(name string) crypto.Signer {
	block, _ := pem.Decode(must(os.ReadFile("test-" + name + ".key.pem")))
	switch block.Type {
	case "EC PRIVATE KEY":
		return must(x509.ParseECPrivateKey(block.Bytes))
	case "RSA PRIVATE KEY":
		return must(x509.ParsePKCS1PrivateKey(block.Bytes))
	default:
		return must(x509.ParsePKCS8PrivateKey(block.Bytes)).(crypto.Signer)
	}
}

func toPEM(blockType string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: blockType, Bytes: der})
}

func mustURL(text string) *url.URL { return must(url.Parse(text)) }

var (
	keyNames = []string{"p256", "p384", "p521", "rsa2048", "ed25519"}
	start    = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
)

// makeCA writes test-<key>-ca.cert.pem. Without isCA it has no key identifier.
func makeCA(file, key string, isCA bool) *x509.Certificate {
	signer := readKey(key)
	der := must(x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "test " + file, Organization: []string{"signet tests"}},
		NotBefore:             start,
		NotAfter:              start.AddDate(10, 0, 0),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  isCA,
	}, &x509.Certificate{
		Subject: pkix.Name{CommonName: "test " + file, Organization: []string{"signet tests"}},
	}, signer.Public(), signer))
	write("test-"+file+".cert.pem", toPEM("CERTIFICATE", der))
	return must(x509.ParseCertificate(der))
}

// As CreateCertificate in Kubernetes' certificate authority has it: the fields
// of the request's that it takes over, and what the policy adds.
type tbsCase struct {
	name     string
	ca       string
	template x509.Certificate
}

func fullSubject() pkix.Name {
	return pkix.Name{
		Country:            []string{"DE", "AT"},
		Province:           []string{"Bayern"},
		Locality:           []string{"München"},
		StreetAddress:      []string{"Weg 1, hinten"},
		PostalCode:         []string{"80331"},
		Organization:       []string{"zeta", "alpha", "a&b", "Übung"},
		OrganizationalUnit: []string{"two", "one_1"},
		CommonName:         "x@y",
		SerialNumber:       "42",
	}
}

func nodeSubject() pkix.Name {
	return pkix.Name{CommonName: "system:node:n1", Organization: []string{"system:nodes"}}
}

var everyEKU = []x509.ExtKeyUsage{
	x509.ExtKeyUsageAny, x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth,
	x509.ExtKeyUsageCodeSigning, x509.ExtKeyUsageEmailProtection,
	x509.ExtKeyUsageIPSECEndSystem, x509.ExtKeyUsageIPSECTunnel,
	x509.ExtKeyUsageIPSECUser, x509.ExtKeyUsageTimeStamping,
	x509.ExtKeyUsageOCSPSigning, x509.ExtKeyUsageMicrosoftServerGatedCrypto,
	x509.ExtKeyUsageNetscapeServerGatedCrypto,
}

func tbsCases() []tbsCase {
	client := x509.Certificate{
		SerialNumber: big.NewInt(0x1234),
		Subject:      nodeSubject(),
		NotBefore:    start,
		NotAfter:     start.Add(time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	cases := []tbsCase{}
	for _, key := range keyNames {
		cases = append(cases, tbsCase{"a node's client certificate from " + key, key + "-ca", client})
	}
	add := func(name, ca string, change func(*x509.Certificate)) {
		template := client
		change(&template)
		cases = append(cases, tbsCase{name, ca, template})
	}
	add("a node's serving certificate", "p256-ca", func(t *x509.Certificate) {
		t.KeyUsage |= x509.KeyUsageKeyEncipherment
		t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		t.DNSNames = []string{"n1", "n1.example"}
		t.IPAddresses = []net.IP{net.ParseIP("10.0.0.1"), net.ParseIP("fd00::1"), net.ParseIP("::ffff:10.0.0.2")}
	})
	add("every attribute and every usage", "p256-ca", func(t *x509.Certificate) {
		t.Subject = fullSubject()
		t.KeyUsage = 0x1ff
		t.ExtKeyUsage = everyEKU
		t.EmailAddresses = []string{"m@example"}
		t.URIs = []*url.URL{mustURL("spiffe://td/ns/x"), mustURL("mailto:m@example")}
		t.DNSNames = []string{"*.example"}
	})
	add("an empty subject makes the SANs critical", "p256-ca", func(t *x509.Certificate) {
		t.Subject = pkix.Name{}
		t.DNSNames = []string{"n1"}
	})
	add("no usages, no extensions for them", "p256-ca", func(t *x509.Certificate) {
		t.KeyUsage = 0
		t.ExtKeyUsage = nil
	})
	add("the last second of 2049 is a UTCTime", "p256-ca", func(t *x509.Certificate) {
		t.NotAfter = time.Date(2049, 12, 31, 23, 59, 59, 999, time.UTC)
	})
	add("2050 is a GeneralizedTime, and so is 1949", "p256-ca", func(t *x509.Certificate) {
		t.NotBefore = time.Date(1949, 12, 31, 23, 59, 59, 0, time.UTC)
		t.NotAfter = time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC)
	})
	add("a serial number with its top bit set", "p256-ca", func(t *x509.Certificate) {
		t.SerialNumber = new(big.Int).SetBytes(bytes.Repeat([]byte{0xfe}, 16))
	})
	add("serial number zero", "p256-ca", func(t *x509.Certificate) { t.SerialNumber = big.NewInt(0) })
	add("the CA's own name gets no AKI", "p256-ca", func(t *x509.Certificate) {
		t.Subject = pkix.Name{CommonName: "test p256-ca", Organization: []string{"signet tests"}}
	})
	add("a CA without SKI gives no AKI", "p256-noski-ca", func(t *x509.Certificate) {})
	add("an intermediate CA with a path length", "p256-ca", func(t *x509.Certificate) {
		t.Subject = pkix.Name{CommonName: "intermediate"}
		t.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
		t.ExtKeyUsage = nil
		t.IsCA = true
		t.MaxPathLenZero = true
		t.SubjectKeyId = []byte("0123456789abcdefghij")
	})
	add("an intermediate CA without path length", "p256-ca", func(t *x509.Certificate) {
		t.Subject = pkix.Name{CommonName: "intermediate"}
		t.KeyUsage = x509.KeyUsageCertSign
		t.ExtKeyUsage = nil
		t.IsCA = true
		t.SubjectKeyId = []byte("0123456789abcdefghij")
	})
	return cases
}

func goldenTBS(cas map[string]*x509.Certificate) {
	var out bytes.Buffer
	out.WriteString("# TBSCertificates by Go's x509.CreateCertificate, for the key of\n" +
		"# test-leaf-p256.key.pem; go_vectors/main.go has the templates.\n" +
		"# CA <TAB> name <TAB> hexadecimal DER\n")
	leaf := readKey("leaf-p256")
	signers := map[string]crypto.Signer{"p256-noski-ca": readKey("p256")}
	for _, key := range keyNames {
		signers[key+"-ca"] = readKey(key)
	}
	for _, c := range tbsCases() {
		c.template.BasicConstraintsValid = true
		der := must(x509.CreateCertificate(rand.Reader, &c.template, cas[c.ca], leaf.Public(), signers[c.ca]))
		tbs := must(x509.ParseCertificate(der)).RawTBSCertificate
		fmt.Fprintf(&out, "%s\t%s\t%s\n", c.ca, c.name, hex.EncodeToString(tbs))
	}
	write("golden_tbs.txt", out.Bytes())
}

func goldenRequests() {
	var out bytes.Buffer
	out.WriteString("# CertificationRequestInfos by Go's x509.CreateCertificateRequest, for the\n" +
		"# keys in test-*.key.pem; go_vectors/main.go has the templates.\n" +
		"# key <TAB> name <TAB> hexadecimal DER\n")
	emit := func(key, name string, template x509.CertificateRequest) {
		der := must(x509.CreateCertificateRequest(rand.Reader, &template, readKey(key)))
		info := must(x509.ParseCertificateRequest(der)).RawTBSCertificateRequest
		fmt.Fprintf(&out, "%s\t%s\t%s\n", key, name, hex.EncodeToString(info))
	}
	for _, key := range keyNames {
		emit(key, "a node's client request with "+key, x509.CertificateRequest{Subject: nodeSubject()})
	}
	emit("p256", "a node's serving request", x509.CertificateRequest{
		Subject:     nodeSubject(),
		DNSNames:    []string{"n1", "n1.example"},
		IPAddresses: []net.IP{net.ParseIP("10.0.0.1"), net.ParseIP("fd00::1"), net.ParseIP("::ffff:10.0.0.2")},
	})
	emit("p256", "every attribute and every kind of SAN", x509.CertificateRequest{
		Subject:        fullSubject(),
		DNSNames:       []string{"*.example"},
		EmailAddresses: []string{"m@example"},
		URIs:           []*url.URL{mustURL("spiffe://td/ns/x"), mustURL("mailto:m@example")},
	})
	emit("p256", "an empty subject", x509.CertificateRequest{DNSNames: []string{"n1"}})
	write("golden_request_info.txt", out.Bytes())
}

// constrainedChain writes two leaves of a root that may issue for .example only:
// the first keeps to it, the second does not.
func constrainedChain() {
	rootKey, leafKey := readKey("p256"), readKey("leaf-p256")
	root := &x509.Certificate{
		SerialNumber:                big.NewInt(1),
		Subject:                     pkix.Name{CommonName: "constrained root"},
		NotBefore:                   start,
		NotAfter:                    start.AddDate(10, 0, 0),
		KeyUsage:                    x509.KeyUsageCertSign,
		BasicConstraintsValid:       true,
		IsCA:                        true,
		PermittedDNSDomains:         []string{"example"},
		PermittedDNSDomainsCritical: true,
	}
	rootDER := must(x509.CreateCertificate(rand.Reader, root, root, rootKey.Public(), rootKey))
	root = must(x509.ParseCertificate(rootDER))
	var out []byte
	for _, name := range []string{"n1.example", "n1.test"} {
		out = append(out, toPEM("CERTIFICATE", must(x509.CreateCertificate(rand.Reader, &x509.Certificate{
			SerialNumber: big.NewInt(2),
			Subject:      pkix.Name{CommonName: name},
			NotBefore:    start,
			NotAfter:     start.AddDate(1, 0, 0),
			DNSNames:     []string{name},
		}, root, leafKey.Public(), rootKey)))...)
	}
	write("test-constrained.cert.pem", append(out, toPEM("CERTIFICATE", rootDER)...))
}

// keyForms writes each key in the forms in which Go's programs keep them.
func keyForms() {
	for _, key := range keyNames {
		signer := readKey(key)
		write("test-go-"+key+".pkcs8.pem", toPEM("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(signer))))
	}
}

func main() {
	cas := map[string]*x509.Certificate{"p256-noski-ca": makeCA("p256-noski-ca", "p256", false)}
	for _, key := range keyNames {
		cas[key+"-ca"] = makeCA(key+"-ca", key, true)
	}
	goldenTBS(cas)
	goldenRequests()
	keyForms()
	constrainedChain()
	differential()
}
