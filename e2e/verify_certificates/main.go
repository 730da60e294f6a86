// verify_certificates says what Go's crypto/x509 thinks of certificates.
//
//	verify_certificates CA.pem CERTIFICATE.pem...
//
// For each certificate it prints a line: the file, then for each of the
// purposes any, client and server "ok" or "no".
package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
)

func fail(err error) {
	fmt.Fprintln(os.Stderr, "verify_certificates:", err)
	os.Exit(1)
}

func main() {
	ca, err := os.ReadFile(os.Args[1])
	if err != nil {
		fail(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		fail(fmt.Errorf("%s: no certificate", os.Args[1]))
	}
	for _, path := range os.Args[2:] {
		text, err := os.ReadFile(path)
		if err != nil {
			fail(err)
		}
		block, rest := pem.Decode(text)
		if block == nil || len(rest) > 0 {
			fail(fmt.Errorf("%s: not one PEM block", path))
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			fail(fmt.Errorf("%s: %v", path, err))
		}
		fmt.Print(path)
		for _, usage := range []x509.ExtKeyUsage{x509.ExtKeyUsageAny,
			x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth} {
			_, err := certificate.Verify(x509.VerifyOptions{
				Roots:     roots,
				KeyUsages: []x509.ExtKeyUsage{usage},
			})
			if err == nil {
				fmt.Print(" ok")
			} else {
				fmt.Print(" no")
			}
		}
		fmt.Println()
	}
}
