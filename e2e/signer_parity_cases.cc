#include "e2e/signer_parity_cases.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "core/pki/key_usage.h"

namespace signet::e2e {
namespace {

using Outcome = ParityCase::Outcome;
using Words = std::vector<std::string>;

constexpr char kClient[] = "kubernetes.io/kube-apiserver-client";
constexpr char kKubelet[] = "kubernetes.io/kube-apiserver-client-kubelet";
constexpr char kServing[] = "kubernetes.io/kubelet-serving";
constexpr char kLegacy[] = "kubernetes.io/legacy-unknown";

constexpr char kNode[] = "/O=system:nodes/CN=system:node:n1";
constexpr char kNodeSan[] = "subjectAltName=DNS:n1,IP:192.0.2.1";

// A request that each signer signs.
ParityCase Good(const std::string& signer) {
  ParityCase result;
  result.signer_name = signer;
  if (signer == kKubelet) {
    result.usages = {"digital signature", "client auth"};
    result.request.subject = kNode;
  } else if (signer == kServing) {
    result.usages = {"digital signature", "server auth"};
    result.request.subject = kNode;
    result.request.extensions = {kNodeSan};
  } else {
    result.usages = {"digital signature", "client auth"};
    result.request.subject = "/O=team/CN=somebody";
  }
  result.stored = signer == kLegacy;
  return result;
}

// A list that grows by requests which are like Good, but for something.
class Cases {
 public:
  ParityCase& Add(const std::string& signer, const std::string& title) {
    ParityCase next = Good(signer);
    next.title = absl::StrCat(signer.substr(signer.find('/') + 1), ": ", title);
    cases_.push_back(std::move(next));
    return cases_.back();
  }
  ParityCase& AddFailed(const std::string& signer, const std::string& title,
                        const std::string& message) {
    ParityCase& next = Add(signer, title);
    next.outcome = Outcome::kFailed;
    next.message = message;
    return next;
  }
  std::vector<ParityCase> Take() { return std::move(cases_); }

 private:
  std::vector<ParityCase> cases_;
};

// SPEC C-11, D-5.
void AddKeys(Cases& cases) {
  for (const char* signer : {kClient, kKubelet, kServing, kLegacy}) {
    for (const char* key : {"rsa1024", "rsa2048", "rsa3072", "rsa4096", "p224",
                            "p256", "p384", "p521", "ed25519"}) {
      cases.Add(signer, absl::StrCat("key ", key)).request.key = key;
    }
    ParityCase& rsa = cases.Add(signer, "RSA with key encipherment");
    rsa.request.key = "rsa2048";
    rsa.usages.insert(rsa.usages.begin() + 1, "key encipherment");
  }
  const std::pair<const char*, Words> kSignatures[] = {
      {"SHA-1", {"-sha1"}},
      {"SHA-384", {"-sha384"}},
      {"SHA-512", {"-sha512"}},
      {"PSS",
       {"-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt",
        "rsa_pss_saltlen:32"}},
  };
  for (const auto& [name, arguments] : kSignatures) {
    RequestOptions& request =
        cases.Add(kClient, absl::StrCat("RSA request signed with ", name))
            .request;
    request.key = "rsa2048";
    request.arguments = arguments;
  }
  cases.Add(kClient, "ECDSA request signed with SHA-1").request.arguments = {
      "-sha1"};
}

// SPEC C-16.
void AddSubjects(Cases& cases) {
  const char* const kSubjects[] = {
      "/CN=only",
      "/O=only",
      "/C=KR/ST=Seoul/L=Gangnam/street=Teheran-ro 1/postalCode=06234/O=a/"
      "OU=b/CN=c/serialNumber=42",
      // The other way round.
      "/serialNumber=42/CN=c/OU=b/O=a/postalCode=06234/street=Teheran-ro 1/"
      "L=Gangnam/ST=Seoul/C=KR",
      "/O=b/O=a/CN=order of organizations",
      "/O=b/O=a/O=b/CN=one organization twice",
      "/O=a+O=b/CN=a set",
      "/O=a+OU=b+CN=one set of all",
      "/OU=z/OU=y/OU=x/CN=units",
      "/C=US/C=DE/ST=a/ST=b/L=c/L=d/CN=places",
      "/CN=first/CN=last",
      "/serialNumber=1/serialNumber=2/CN=serials",
      "/emailAddress=a@b.example/CN=email vanishes",
      "/DC=example/DC=com/CN=domain components vanish",
      "/UID=u1/CN=user ids vanish",
      "/kubeUid=0a1b/CN=the uid of Kubernetes vanishes",
      "/title=Dr/GN=Ada/SN=Lovelace/initials=AL/dnQualifier=q/CN=titles",
      "/description=d/businessCategory=c/CN=others",
      "/CN=letters, digits 0-9 '()+,-.\\/:=?",
      "/CN=an asterisk *",
      "/CN=an ampersand &",
      "/CN=an at@sign",
      "/CN=an underscore _",
      "/CN=a hash # and a semicolon ;",
      "/CN=quotes \"<>\\\\",
      "/CN= leading and trailing spaces ",
      "/CN=\xc3\xa4\xc3\xb6\xc3\xbc",
      "/O=\xed\x95\x9c\xea\xb5\xad\xec\x96\xb4/CN=\xf0\x9f\x94\x91",
      "/O=\xce\xb1/O=z/O=\xce\xb2/O=a/CN=sorted by bytes",
      "/O=aaa/O=b/O=cc/CN=sorted by length first",
      "/C=kr/CN=a small country",
      "/O=system:authenticated/CN=system:serviceaccount:a:b",
  };
  int number = 0;
  for (const char* subject : kSubjects) {
    cases.Add(kClient, absl::StrCat("subject ", ++number)).request.subject =
        subject;
  }
  cases.Add(kClient, "a common name of 64 characters").request.subject =
      "/CN=" + std::string(64, 'x');
  cases.Add(kClient, "no subject").request.subject = "/";
  for (const char* mask : {"default", "nombstr", "pkix"}) {
    RequestOptions& request =
        cases.Add(kClient, absl::StrCat("string types ", mask)).request;
    request.string_mask = mask;
    request.subject = "/O=caf\xc3\xa9/CN=a_b@c";
  }
  ParityCase& masters = cases.Add(kLegacy, "system:masters");
  masters.request.subject = "/O=system:masters/CN=root";
  cases.Add(kKubelet, "a bare prefix").request.subject =
      "/O=system:nodes/CN=system:node:";
  cases.Add(kKubelet, "common name before the organization").request.subject =
      "/CN=system:node:n1/O=system:nodes";
  cases.Add(kServing, "more in the subject").request.subject =
      "/C=KR/O=system:nodes/OU=a/CN=system:node:n1";
}

// SPEC C-15.
void AddNames(Cases& cases) {
  const char* const kNames[] = {
      "DNS:a.example",
      "DNS:b,DNS:a,DNS:b",
      "IP:10.0.0.1,DNS:a,IP:2001:db8::1,DNS:b",
      "IP:::ffff:192.0.2.7",
      "IP:::1,IP:::,IP:0.0.0.0,IP:255.255.255.255",
      "DNS:*.a.example,DNS:A.EXAMPLE,DNS:a_b,DNS:trailing.",
      "email:a@b.example",
      "email:b@b.example,email:a@b.example,DNS:c",
      "URI:spiffe://x.example/y",
      "URI:https://[2001:db8::1]:8443/p?q=1#f,URI:urn:isbn:0451450523",
      "URI:spiffe://x/y,IP:10.0.0.1,email:a@b.example,DNS:d",
      "otherName:1.2.3.4;UTF8:vanishes,DNS:stays",
      "RID:1.2.3.4,DNS:stays",
      "dirName:directory,DNS:stays",
      "otherName:1.2.3.4;UTF8:only",
  };
  int number = 0;
  for (const char* names : kNames) {
    cases.Add(kClient, absl::StrCat("names ", ++number)).request.extensions = {
        absl::StrCat("subjectAltName=", names)};
  }
  cases.Add(kClient, "critical names beside a subject").request.extensions = {
      "subjectAltName=critical,DNS:a"};
  for (const char* names : {"DNS:a", "IP:10.0.0.1,URI:spiffe://x/y"}) {
    RequestOptions& request =
        cases.Add(kClient, absl::StrCat("no subject, but ", names)).request;
    request.subject = "/";
    request.extensions = {absl::StrCat("subjectAltName=", names)};
  }
  Words many;
  for (int i = 0; i < 60; ++i)
    many.push_back(absl::StrCat("DNS:h", i, ".example"));
  for (int i = 0; i < 40; ++i) many.push_back(absl::StrCat("IP:10.1.2.", i));
  cases.Add(kServing, "a hundred names").request.extensions = {
      absl::StrCat("subjectAltName=", absl::StrJoin(many, ","))};
  cases.Add(kServing, "addresses only").request.extensions = {
      "subjectAltName=IP:10.0.0.1,IP:fd00::1"};
  cases.Add(kServing, "names only").request.extensions = {
      "subjectAltName=DNS:n1.example,DNS:n1"};
}

// SPEC C-15: none of it comes into the certificate.
void AddExtensions(Cases& cases) {
  const Words kExtensions[] = {
      {"basicConstraints=critical,CA:TRUE,pathlen:3"},
      {"basicConstraints=CA:FALSE"},
      {"keyUsage=critical,keyCertSign,cRLSign"},
      {"extendedKeyUsage=serverAuth,codeSigning"},
      {"subjectKeyIdentifier=hash"},
      {"1.2.3.4=ASN1:UTF8String:hello"},
      {"1.3.6.1.4.1.57683.1=critical,ASN1:NULL"},
      {"nameConstraints=critical,permitted;DNS:.example"},
      {"certificatePolicies=1.2.3.4"},
      {"tlsfeature=status_request"},
      {"nsComment=hello"},
      {"authorityInfoAccess=OCSP;URI:http://ocsp.example/"},
      {"crlDistributionPoints=URI:http://crl.example/a.crl"},
      {"issuerAltName=DNS:issuer.example"},
      {"basicConstraints=critical,CA:TRUE", "keyUsage=keyCertSign",
       "subjectAltName=DNS:a,email:b@c.example", "1.2.3.4=ASN1:INTEGER:7"},
  };
  int number = 0;
  for (const Words& extensions : kExtensions) {
    cases.Add(kClient, absl::StrCat("extensions ", ++number))
        .request.extensions = extensions;
  }
  cases.Add(kKubelet, "a CA's extensions").request.extensions = {
      "basicConstraints=critical,CA:TRUE", "keyUsage=keyCertSign"};
}

// SPEC C-12, C-13, C-14.
void AddUsages(Cases& cases) {
  for (const auto& usage : pki::KnownUsages()) {
    cases.Add(kLegacy, absl::StrCat("usage ", usage)).usages = {
        std::string(usage)};
  }
  Words all(pki::KnownUsages().begin(), pki::KnownUsages().end());
  cases.Add(kLegacy, "all usages").usages = all;
  cases.Add(kLegacy, "all usages, the other way round").usages =
      Words(all.rbegin(), all.rend());
  cases.Add(kLegacy, "synonyms").usages = {"signing", "digital signature",
                                           "s/mime", "email protection"};
  cases.Add(kLegacy, "a usage twice").usages = {"client auth", "client auth"};
  ParityCase& nothing = cases.Add(kLegacy, "no usage");
  nothing.usages = {};
  nothing.outcome = Outcome::kError;
  nothing.message = "spec.usages: Required value";
  cases.Add(kClient, "client auth alone").usages = {"client auth"};
  cases.Add(kClient, "usages in another order").usages = {
      "client auth", "key encipherment", "digital signature"};
  cases.Add(kKubelet, "usages in another order").usages = {
      "client auth", "key encipherment", "digital signature"};
  cases.Add(kServing, "usages in another order").usages = {
      "server auth", "key encipherment", "digital signature"};
}

// SPEC C-7, C-9, G-2.
void AddLifetimes(Cases& cases) {
  for (const int32_t seconds :
       {600, 601, 3600, 28799, 28800, 28801, 86400, 31535999, 31536000,
        31536001, 40000000, 2147483647}) {
    cases.Add(kClient, absl::StrCat("lifetime ", seconds)).expiration_seconds =
        seconds;
  }
  for (const int32_t seconds : {599, 60, 1, 0, -1}) {
    ParityCase& next = cases.Add(kClient, absl::StrCat("lifetime ", seconds));
    next.expiration_seconds = seconds;
    next.stored = true;
    // Both sign it with ten minutes, but the server takes no status for it.
    next.outcome = Outcome::kError;
    next.message = "may not specify a duration less than 600 seconds";
  }
  cases.Add(kKubelet, "lifetime 3600").expiration_seconds = 3600;
  cases.Add(kServing, "lifetime 3600").expiration_seconds = 3600;
}

// SPEC C-2, C-3, B-6.
void AddFailures(Cases& cases) {
  cases
      .AddFailed(kClient, "server auth",
                 "invalid usage for client certificate: server auth")
      .usages = {"client auth", "server auth"};
  cases
      .AddFailed(kClient, "signing is no synonym",
                 "invalid usage for client certificate: signing")
      .usages = {"signing", "client auth"};
  cases
      .AddFailed(kClient, "no client auth",
                 "missing required usage for client certificate: client auth")
      .usages = {"digital signature"};

  constexpr char kOrganization[] = "subject organization is not system:nodes";
  constexpr char kCommonName[] =
      "subject common name does not begin with system:node:";
  for (const char* signer : {kKubelet, kServing}) {
    cases.AddFailed(signer, "no organization", kOrganization).request.subject =
        "/CN=system:node:n1";
    cases.AddFailed(signer, "two organizations", kOrganization)
        .request.subject = "/O=system:nodes/O=other/CN=system:node:n1";
    cases.AddFailed(signer, "another organization", kOrganization)
        .request.subject = "/O=System:Nodes/CN=system:node:n1";
    cases.AddFailed(signer, "another common name", kCommonName)
        .request.subject = "/O=system:nodes/CN=node:n1";
  }
  const std::pair<const char*, const char*> kKubeletNames[] = {
      {"DNS:a", "DNS subjectAltNames are not allowed"},
      {"email:a@b.example", "Email subjectAltNames are not allowed"},
      {"IP:10.0.0.1", "IP subjectAltNames are not allowed"},
      {"URI:spiffe://a/b", "URI subjectAltNames are not allowed"},
      {"URI:spiffe://a/b,IP:10.0.0.1,email:a@b.example,DNS:a",
       "DNS subjectAltNames are not allowed"},
  };
  for (const auto& [names, message] : kKubeletNames) {
    cases.AddFailed(kKubelet, absl::StrCat("names ", names), message)
        .request.extensions = {absl::StrCat("subjectAltName=", names)};
  }
  constexpr char kClientUsages[] =
      "usages did not match [client auth digital signature key encipherment]";
  cases.AddFailed(kKubelet, "client auth alone", kClientUsages).usages = {
      "client auth"};
  cases.AddFailed(kKubelet, "server auth too", kClientUsages).usages = {
      "digital signature", "client auth", "server auth"};
  cases.AddFailed(kKubelet, "signing is no synonym", kClientUsages).usages = {
      "signing", "client auth"};

  cases.AddFailed(kServing, "no names", "DNS or IP subjectAltName is required")
      .request.extensions = {};
  cases
      .AddFailed(kServing, "an email alone",
                 "DNS or IP subjectAltName is required")
      .request.extensions = {"subjectAltName=email:a@b.example"};
  cases.AddFailed(kServing, "an email", "Email subjectAltNames are not allowed")
      .request.extensions = {"subjectAltName=DNS:a,email:a@b.example"};
  cases.AddFailed(kServing, "a URI", "URI subjectAltNames are not allowed")
      .request.extensions = {"subjectAltName=DNS:a,URI:spiffe://a/b"};
  cases
      .AddFailed(
          kServing, "client auth",
          "usages did not match [digital signature key encipherment server "
          "auth]")
      .usages = {"digital signature", "client auth"};
}

// SPEC C-1, C-2, C-5: stored objects that no server of today lets in. It
// checks the whole object on each update, so that some can never be signed.
void AddStored(Cases& cases) {
  const auto add_error = [&cases](const std::string& title,
                                  const std::string& message) -> ParityCase& {
    ParityCase& next = cases.Add(kLegacy, title);
    next.outcome = Outcome::kError;
    next.message = message;
    return next;
  };
  add_error("no request", "PEM block type must be CERTIFICATE REQUEST")
      .request_pem = "garbage";
  add_error("a request of an old type",
            "PEM block type must be CERTIFICATE REQUEST")
      .request_pem =
      "-----BEGIN NEW CERTIFICATE REQUEST-----\nAAAA\n"
      "-----END NEW CERTIFICATE REQUEST-----\n";
  add_error("a spoilt signature", "ECDSA verification failure").spoilt = true;
  add_error("an unknown usage", "unrecognized").usages = {"client auth",
                                                          "nonsense"};

  const auto add_ignored = [&cases](const std::string& title,
                                    const Words& conditions) {
    ParityCase& next = cases.Add(kClient, title);
    next.stored = true;
    next.conditions = conditions;
    next.outcome = Outcome::kIgnored;
  };
  add_ignored("denied too", {"Denied=True"});
  add_ignored("denied too, whatever its status says", {"Denied=False"});
  add_ignored("failed", {"Failed=True"});
  add_ignored("failed without a status", {"Failed="});
  ParityCase& not_failed = cases.Add(kClient, "failed, but not true");
  not_failed.stored = true;
  not_failed.conditions = {"Failed=False"};
  not_failed.outcome = Outcome::kError;
  not_failed.message = "status.conditions[1].status: Unsupported value";
}

}  // namespace

std::vector<ParityCase> ParityCases() {
  Cases cases;
  AddKeys(cases);
  AddSubjects(cases);
  AddNames(cases);
  AddExtensions(cases);
  AddUsages(cases);
  AddLifetimes(cases);
  AddFailures(cases);
  AddStored(cases);
  return cases.Take();
}

std::vector<ParityCase> FewParityCases() {
  Cases cases;
  for (const char* signer : {kClient, kKubelet, kServing, kLegacy}) {
    cases.Add(signer, "plain");
    cases.Add(signer, "lifetime 600").expiration_seconds = 600;
  }
  cases.Add(kClient, "an RSA key").request.key = "rsa2048";
  // SPEC C-12: without an authority key id if the names are the same.
  cases.Add(kClient, "the CA's own name").request.subject = "/CN=parity CA";
  return cases.Take();
}

}  // namespace signet::e2e
