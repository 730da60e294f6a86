package main

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math"
	"math/big"
	mathrand "math/rand"
	"net"
	"net/url"
	"strings"
	"time"
)

// Differential vectors: an input and what Go makes of it, "refused" or a line
// that says everything. The C++ tests write the same lines of what they parsed.
// Of the many inputs tried only a few stay for each thing Go has to say.

func list(values []string) string {
	for i, value := range values {
		values[i] = hex.EncodeToString([]byte(value))
	}
	return strings.Join(values, ",")
}

func describeSANs(dns, email []string, ips []net.IP, uris []*url.URL) string {
	var ipTexts, uriTexts []string
	for _, ip := range ips {
		ipTexts = append(ipTexts, ip.String())
	}
	for _, uri := range uris {
		uriTexts = append(uriTexts, uri.String())
	}
	return fmt.Sprintf("dns=%s email=%s ip=%s uri=%s", list(dns), list(email), strings.Join(ipTexts, ","), list(uriTexts))
}

func describeName(name pkix.Name) string {
	der, err := asn1.Marshal(name.ToRDNSequence())
	if err != nil {
		return "unencodable"
	}
	return hex.EncodeToString(der)
}

func describeKey(key any) string {
	if k, ok := key.(*rsa.PublicKey); ok && (k.N.BitLen() < 1024 || k.N.BitLen() > 8192) {
		return ""
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return ""
	}
	return hex.EncodeToString(der)
}

func supported(algorithm x509.SignatureAlgorithm) bool {
	return algorithm == x509.PureEd25519 || algorithm >= x509.SHA1WithRSA && algorithm <= x509.SHA512WithRSAPSS &&
		algorithm != x509.DSAWithSHA1 && algorithm != x509.DSAWithSHA256
}

// describeRequest returns what Go says of a request, and the reason if it is
// refused when it is parsed or when its signature is checked.
func describeRequest(der []byte) (string, string) {
	request, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return "refused", err.Error()
	}
	key := describeKey(request.PublicKey)
	if err := request.CheckSignature(); key == "" || !supported(request.SignatureAlgorithm) {
		return "refused", fmt.Sprint(err)
	}
	signature := "good"
	if request.CheckSignature() != nil {
		signature = "bad"
	}
	var extensions []string
	for _, extension := range request.Extensions {
		extensions = append(extensions, fmt.Sprintf("%s/%t/%x", extension.Id, extension.Critical, extension.Value))
	}
	return fmt.Sprintf("subject=%s %s algorithm=%s key=%s extensions=%s signature=%s",
		describeName(request.Subject),
		describeSANs(request.DNSNames, request.EmailAddresses, request.IPAddresses, request.URIs),
		request.SignatureAlgorithm, key, strings.Join(extensions, ","), signature), "accepted"
}

func describeCertificate(der []byte) (string, string) {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return "refused", err.Error()
	}
	key := describeKey(c.PublicKey)
	if key == "" || !supported(c.SignatureAlgorithm) {
		return "refused", "unsupported"
	}
	var extensions []string
	for _, extension := range c.Extensions {
		extensions = append(extensions, fmt.Sprintf("%s/%t", extension.Id, extension.Critical))
	}
	pathLen := -1
	if c.BasicConstraintsValid {
		pathLen = min(c.MaxPathLen, math.MaxInt32)
	}
	usages := map[x509.ExtKeyUsage]bool{}
	for _, usage := range c.ExtKeyUsage {
		usages[usage] = true
	}
	return fmt.Sprintf("subject=%s issuer=%s %s algorithm=%s key=%s serial=%s validity=%d..%d usage=%d ekus=%d unknown=%d ca=%t/%t/%d ids=%x/%x extensions=%s",
		describeName(c.Subject), describeName(c.Issuer),
		describeSANs(c.DNSNames, c.EmailAddresses, c.IPAddresses, c.URIs),
		c.SignatureAlgorithm, key, c.SerialNumber, c.NotBefore.Unix(), c.NotAfter.Unix(), c.KeyUsage,
		len(usages), len(c.UnknownExtKeyUsage), c.BasicConstraintsValid, c.IsCA, pathLen,
		c.SubjectKeyId, c.AuthorityKeyId, strings.Join(extensions, ",")), "accepted"
}

func describePEM(text []byte) (string, string) {
	var blocks []string
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		blocks = append(blocks, fmt.Sprintf("%x/%d/%x", block.Type, len(block.Headers), block.Bytes))
	}
	return strings.Join(blocks, " "), fmt.Sprint(len(blocks))
}

func describeURI(text []byte) (string, string) {
	uri, err := url.Parse(string(text))
	if err != nil {
		return "refused", err.(*url.Error).Err.Error()
	}
	return hex.EncodeToString([]byte(uri.String())), fmt.Sprintf("%t%t%t%t", uri.Opaque != "", uri.Host != "", uri.User != nil, uri.String() == string(text))
}

func collect(file, what string, perClass, tries int, next func() []byte, describe func([]byte) (string, string)) {
	var out bytes.Buffer
	fmt.Fprintf(&out, "# %s and what Go makes of them; see go_vectors/differential.go.\n# hexadecimal input <TAB> verdict\n", what)
	seen := map[string]int{}
	for range tries {
		input := next()
		verdict, class := describe(input)
		if i := strings.IndexAny(class, "{\""); i >= 0 { // An error's details.
			class = class[:i]
		}
		limit := perClass
		if class == "accepted" {
			limit = 60
		}
		if seen[class]++; seen[class] <= limit {
			fmt.Fprintf(&out, "%x\t%s\n", input, verdict)
		}
	}
	write(file, out.Bytes())
}

func differential() {
	random := mathrand.New(mathrand.NewSource(1))
	var requests, certificates [][]byte
	for _, key := range []string{"ed25519", "p256"} {
		signer := readKey(key)
		for _, subject := range []pkix.Name{nodeSubject(), fullSubject()} {
			requests = append(requests, must(x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
				Subject:         subject,
				DNSNames:        []string{"n1"},
				EmailAddresses:  []string{"m@example"},
				IPAddresses:     []net.IP{{10, 0, 0, 1}},
				URIs:            []*url.URL{mustURL("spiffe://td/x")},
				ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 19}, Critical: true, Value: []byte{0x30, 0}}},
			}, signer)))
		}
		template := &x509.Certificate{
			SerialNumber:          big.NewInt(0x1234),
			Subject:               nodeSubject(),
			NotBefore:             start,
			NotAfter:              start.AddDate(40, 0, 0),
			KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageDecipherOnly,
			ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
			UnknownExtKeyUsage:    []asn1.ObjectIdentifier{{1, 2, 3}},
			BasicConstraintsValid: true,
			IsCA:                  true,
			MaxPathLen:            2,
			SubjectKeyId:          []byte{1, 2, 3},
			AuthorityKeyId:        []byte{4, 5, 6},
			DNSNames:              []string{"n1"},
			IPAddresses:           []net.IP{{10, 0, 0, 1}},
			OCSPServer:            []string{"http://o"},
			CRLDistributionPoints: []string{"http://c"},
			Policies:              []x509.OID{must(x509.OIDFromInts([]uint64{1, 2, 3}))},
			PermittedDNSDomains:   []string{".example"},
			ExcludedIPRanges:      []*net.IPNet{{IP: net.IP{10, 0, 0, 0}, Mask: net.CIDRMask(8, 32)}},
		}
		certificates = append(certificates, must(x509.CreateCertificate(rand.Reader, template, template, signer.Public(), signer)))
	}
	pick := func(bases [][]byte) func() []byte {
		return func() []byte { return mutate(random, bases[random.Intn(len(bases))]) }
	}
	collect("differential_requests.txt", "Mutated requests", 1, 40000, pick(requests), describeRequest)
	collect("differential_certificates.txt", "Mutated certificates", 1, 40000, pick(certificates), describeCertificate)
	collect("differential_pem.txt", "Mutated PEM texts", 25, 4000, func() []byte { return mutatePEM(random) }, describePEM)
	collect("differential_uris.txt", "Odd URIs", 40, 40000, func() []byte { return randomURI(random) }, describeURI)
	collect("differential_times.txt", "Times", 60, 20000, func() []byte { return randomTime(random) }, func(der []byte) (string, string) {
		var t time.Time
		if _, err := asn1.Unmarshal(der, &t); err != nil {
			return "refused", "refused"
		}
		return fmt.Sprint(t.Unix()), "taken"
	})
}
