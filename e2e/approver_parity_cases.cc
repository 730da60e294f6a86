#include "e2e/approver_parity_cases.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/api/certificates.pb.h"
#include "core/pki/certificate_request.h"
#include "core/pki/ip_address.h"
#include "core/pki/name.h"
#include "core/pki/pem.h"
#include "core/pki/private_key.h"
#include "core/pki/subject_alt_name.h"
#include "core/sys/boring_key_generator.h"
#include "core/testing/csr_builder.h"
#include "core/testing/test_ca.h"
#include "e2e/process.h"
#include "e2e/requester.h"
#include "e2e/testbed.h"

namespace signet::e2e {
namespace {

using api::CertificateSigningRequest;
using testing::CsrFields;
using testing::MakeRequestPem;
using Words = std::vector<std::string>;
using enum ParityOutcome;

// ---- who asks

Requester Bootstrap() {
  return {"system:bootstrap:abcdef",
          {"system:bootstrappers", std::string(kBootstrapGroup)},
          "",
          {}};
}
Requester User(std::string name, Words groups = {}) {
  return {std::move(name), std::move(groups), "", {}};
}
Requester Node(const std::string& name) {
  return User("system:node:" + name, {"system:nodes"});
}
Requester ServiceAccount(const std::string& name) {
  return User("system:serviceaccount:default:" + name,
              {"system:serviceaccounts", "system:serviceaccounts:default"});
}

// ---- what is asked

constexpr char kName[] = "system:node:parity";

pki::DistinguishedName Subject(Words organization, std::string common_name) {
  pki::DistinguishedName name;
  name.organization = std::move(organization);
  name.common_name = std::move(common_name);
  return name;
}
pki::DistinguishedName NodeSubject(std::string common_name = kName) {
  return Subject({"system:nodes"}, std::move(common_name));
}

// As a kubelet asks on its first start, but for what is set here.
CsrFields Fields() { return {.subject = NodeSubject()}; }

CsrFields WithSubject(pki::DistinguishedName subject) {
  CsrFields fields = Fields();
  fields.subject = std::move(subject);
  return fields;
}
CsrFields WithUsages(Words usages) {
  CsrFields fields = Fields();
  fields.usages = std::move(usages);
  return fields;
}
CsrFields WithSigner(std::string signer_name) {
  CsrFields fields = Fields();
  fields.signer_name = std::move(signer_name);
  return fields;
}
CsrFields WithSans(pki::SubjectAltNames sans) {
  CsrFields fields = Fields();
  fields.sans = std::move(sans);
  return fields;
}
CsrFields WithRequest(std::string pem) {
  CsrFields fields = Fields();
  fields.request_pem = std::move(pem);
  return fields;
}
CsrFields WithLifetime(int seconds) {
  CsrFields fields = Fields();
  fields.expiration_seconds = seconds;
  return fields;
}

std::string RequestOf(pki::KeyAlgorithm algorithm) {
  const absl::StatusOr<pki::PrivateKey> key =
      sys::BoringKeyGenerator().Generate(algorithm);
  CHECK_OK(key.status());
  const absl::StatusOr<std::string> der =
      pki::CertificateRequest::Build(NodeSubject(), {}, *key);
  CHECK_OK(der.status());
  return pki::EncodePem("CERTIFICATE REQUEST", *der);
}

// A request as `openssl req` makes it, for what ours would not write.
std::string OpensslRequest(const std::string& subject, Words more = {}) {
  Words argv = {"/usr/bin/openssl",
                "req",
                "-new",
                "-utf8",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-keyout",
                "/dev/null",
                "-subj",
                subject};
  argv.insert(argv.end(), more.begin(), more.end());
  const absl::StatusOr<CommandResult> result = RunCommand(argv);
  CHECK_OK(result.status());
  CHECK_EQ(result->exit_code, 0) << result->err;
  return result->out;
}
std::string OpensslExtension(const std::string& extension) {
  return OpensslRequest(absl::StrCat("/O=system:nodes/CN=", kName),
                        {"-addext", extension});
}

pki::SubjectAltNames Sans(Words dns, Words ips = {}, Words emails = {},
                          Words uris = {}) {
  pki::SubjectAltNames sans;
  sans.dns_names = std::move(dns);
  for (const std::string& ip : ips) {
    sans.ip_addresses.push_back(*pki::IpAddress::Parse(ip));
  }
  sans.email_addresses = std::move(emails);
  sans.uris = std::move(uris);
  return sans;
}

// ---- the table

class Table {
 public:
  ParityCase& Add(std::string sentence, Requester requester,
                  const CsrFields& fields, ParityOutcome outcome) {
    ParityCase& added = cases_.emplace_back();
    added.sentence = std::move(sentence);
    added.requester = std::move(requester);
    const CertificateSigningRequest made = testing::MakeCsr(fields);
    api::CertificateSigningRequestSpec& spec = *added.csr.mutable_spec();
    spec.set_request(made.spec().request());
    spec.set_signer_name(made.spec().signer_name());
    *spec.mutable_usages() = made.spec().usages();
    if (made.spec().has_expiration_seconds()) {
      spec.set_expiration_seconds(made.spec().expiration_seconds());
    }
    added.outcome = outcome;
    return added;
  }
  // The request that all others vary, which is approved if nothing hinders it.
  void Vary(std::string sentence, const CsrFields& fields,
            ParityOutcome outcome) {
    Add(std::move(sentence), Bootstrap(), fields, outcome);
  }
  std::vector<ParityCase> Take() && { return std::move(cases_); }

 private:
  std::vector<ParityCase> cases_;
};

void AddRequesters(Table& t) {
  const auto renewal = [](const std::string& node) {
    return WithSubject(NodeSubject("system:node:" + node));
  };
  t.Add("a joining node", Bootstrap(), Fields(), kNode);
  t.Add("a node renews its own", Node("parity-a"), renewal("parity-a"), kSelf);
  t.Add("a node without its group", User("system:node:parity-a"),
        renewal("parity-a"), kLeft);
  t.Add("a token without the group",
        User("system:bootstrap:fedcba", {"system:bootstrappers"}), Fields(),
        kLeft);
  t.Add("nobody in particular", User("parity-nobody"), Fields(), kLeft);
  t.Add("both rights, another's name", User("parity-both"), Fields(), kNode);
  t.Add("the right to renew only, another's name", User("parity-self"),
        Fields(), kLeft);
  t.Add("both rights, its own name", User("system:node:parity-both"),
        renewal("parity-both"), kSelf);
  t.Add("the right to join only, its own name", User("system:node:parity-join"),
        renewal("parity-join"), kNode);
  t.Add("the right to renew only, its own name",
        User("system:node:parity-self"), renewal("parity-self"), kSelf);
  t.Add("an administrator, another's name",
        User("parity-admin", {"system:masters"}), Fields(), kNode);
  t.Add("an administrator with a node's name",
        User("system:node:parity-m", {"system:masters"}), renewal("parity-m"),
        kSelf);
  t.Add("a service account without right", ServiceAccount("nobody"), Fields(),
        kLeft);
  t.Add("a service account with the right", ServiceAccount("joins"), Fields(),
        kNode);
  t.Add("the right for every resource", User("parity-star"), Fields(), kNode);
  t.Add("the right for one object", User("parity-one-name"), Fields(), kLeft);
  t.Add("the right in one namespace", User("parity-namespace"), Fields(),
        kLeft);
  t.Add("a right with another verb", User("parity-get"), Fields(), kLeft);
  t.Add("a uid and extra",
        {"parity-both", {"b", "a"}, "1-2-3", {{"example.com%2fx", "y"}}},
        Fields(), kNode);
  t.Add("a requester that differs by case", User("SYSTEM:node:parity-both"),
        renewal("parity-both"), kLeft);
  t.Add("the bare prefix renews its own", User("system:node:"),
        WithSubject(NodeSubject("system:node:")), kSelf);
}

void AddSigners(Table& t) {
  for (const char* signer :
       {"kubernetes.io/kubelet-serving", "kubernetes.io/kube-apiserver-client",
        "kubernetes.io/unknown", "kubernetes.io/kube-apiserver-client-kubelet2",
        "example.com/kube-apiserver-client-kubelet", "example.com/x"}) {
    t.Vary(absl::StrCat("signer ", signer), WithSigner(signer), kLeft);
  }
  CsrFields serving = WithSigner("kubernetes.io/kubelet-serving");
  serving.sans = Sans({"parity-a"}, {"10.0.0.1"});
  serving.subject = NodeSubject("system:node:parity-a");
  serving.usages = {"digital signature", "server auth"};
  t.Add("a node's serving certificate", Node("parity-a"), serving, kLeft);
  t.Add("an administrator's node client from another signer",
        User("parity-admin", {"system:masters"}),
        WithSigner("kubernetes.io/kube-apiserver-client"), kLeft);
}

void AddSubjects(Table& t) {
  const struct {
    const char* sentence;
    pki::DistinguishedName subject;
    ParityOutcome outcome;
  } kSubjects[] = {
      {"no organisation", Subject({}, kName), kLeft},
      {"another organisation", Subject({"system:masters"}, kName), kLeft},
      {"a second organisation", Subject({"system:nodes", "more"}, kName),
       kLeft},
      {"masters too", Subject({"system:nodes", "system:masters"}, kName),
       kLeft},
      {"the organisation twice",
       Subject({"system:nodes", "system:nodes"}, kName), kLeft},
      {"the organisation in capitals", Subject({"System:Nodes"}, kName), kLeft},
      {"the organisation with a space", Subject({"system:nodes "}, kName),
       kLeft},
      {"no common name", NodeSubject(""), kLeft},
      {"a name without the prefix", NodeSubject("parity"), kLeft},
      {"the bare prefix", NodeSubject("system:node:"), kNode},
      {"the prefix without its colon", NodeSubject("system:node"), kLeft},
      {"the prefix in capitals", NodeSubject("System:Node:parity"), kLeft},
      {"a space before the prefix", NodeSubject(" system:node:parity"), kLeft},
      {"another prefix", NodeSubject("system:nodes:parity"), kLeft},
      {"a name in capitals", NodeSubject("system:node:PARITY"), kNode},
      {"a wildcard", NodeSubject("system:node:*"), kNode},
      {"a name that is no host name", NodeSubject("system:node:a/b c"), kNode},
  };
  for (const auto& s : kSubjects) {
    t.Vary(s.sentence, WithSubject(s.subject), s.outcome);
  }
  pki::DistinguishedName more = NodeSubject();
  more.organizational_unit = {"unit"};
  more.country = {"CH"};
  more.serial_number = "7";
  t.Vary("unit, country and serial number", WithSubject(more), kNode);
  const struct {
    const char* sentence;
    const char* subject;
    ParityOutcome outcome;
  } kWritten[] = {
      {"two names, the last a node's",
       "/O=system:nodes/CN=x/CN=system:node:parity", kNode},
      {"two names, the first a node's",
       "/O=system:nodes/CN=system:node:parity/CN=x", kLeft},
      {"the name before the organisation",
       "/CN=system:node:parity/O=system:nodes", kNode},
      {"two organisations apart",
       "/O=system:nodes/CN=system:node:parity/O=more", kLeft},
      {"a name beyond ASCII", "/O=system:nodes/CN=system:node:pärity", kNode},
  };
  for (const auto& s : kWritten) {
    t.Vary(s.sentence, WithRequest(OpensslRequest(s.subject)), s.outcome);
  }
}

void AddNamesAndExtensions(Table& t) {
  t.Vary("a DNS name", WithSans(Sans({"parity"})), kLeft);
  t.Vary("an address", WithSans(Sans({}, {"10.0.0.1"})), kLeft);
  t.Vary("an IPv6 address", WithSans(Sans({}, {"2001:db8::1"})), kLeft);
  t.Vary("an e-mail address", WithSans(Sans({}, {}, {"a@b.c"})), kLeft);
  t.Vary("a URI", WithSans(Sans({}, {}, {}, {"spiffe://x/y"})), kLeft);
  t.Vary("all of them",
         WithSans(Sans({"parity"}, {"10.0.0.1"}, {"a@b.c"}, {"spiffe://x/y"})),
         kLeft);
  const struct {
    const char* sentence;
    const char* extension;
  } kIgnored[] = {
      {"a name of a kind that Go drops",
       "subjectAltName=otherName:1.2.3.4;UTF8:x"},
      {"a registered id", "subjectAltName=RID:1.2.3.4"},
      {"to be a CA", "basicConstraints=critical,CA:TRUE"},
      {"key usages", "keyUsage=critical,keyCertSign"},
      {"extended key usages", "extendedKeyUsage=serverAuth"},
  };
  for (const auto& e : kIgnored) {
    t.Vary(absl::StrCat("asks for ", e.sentence),
           WithRequest(OpensslExtension(e.extension)), kNode);
  }
}

void AddUsages(Table& t) {
  const struct {
    Words usages;
    ParityOutcome outcome;
  } kUsages[] = {
      {{"digital signature", "client auth", "key encipherment"}, kNode},
      {{"client auth", "digital signature"}, kNode},
      {{"key encipherment", "client auth", "digital signature"}, kNode},
      {{"client auth"}, kLeft},
      {{"digital signature"}, kLeft},
      {{"key encipherment", "client auth"}, kLeft},
      {{"digital signature", "key encipherment"}, kLeft},
      {{"digital signature", "server auth"}, kLeft},
      {{"digital signature", "client auth", "server auth"}, kLeft},
      {{"digital signature", "key encipherment", "client auth", "server auth"},
       kLeft},
      {{"signing", "client auth"}, kLeft},
      {{"signing", "digital signature", "client auth"}, kLeft},
      {{"any"}, kLeft},
      {{"digital signature", "client auth", "cert sign"}, kLeft},
      {{"digital signature", "client auth", "content commitment"}, kLeft},
  };
  for (const auto& u : kUsages) {
    t.Vary(absl::StrCat("usages ", absl::StrJoin(u.usages, ", ")),
           WithUsages(u.usages), u.outcome);
  }
}

void AddKeysAndEncodings(Table& t) {
  const struct {
    const char* name;
    pki::KeyAlgorithm algorithm;
  } kKeys[] = {{"RSA of 2048 bits", pki::KeyAlgorithm::kRsa2048},
               {"P-384", pki::KeyAlgorithm::kEcdsaP384},
               {"P-521", pki::KeyAlgorithm::kEcdsaP521},
               {"Ed25519", pki::KeyAlgorithm::kEd25519}};
  for (const auto& k : kKeys) {
    t.Vary(absl::StrCat("a key ", k.name), WithRequest(RequestOf(k.algorithm)),
           kNode);
  }
  t.Vary("a lifetime", WithLifetime(600), kNode);
  const std::string good = MakeRequestPem(NodeSubject());
  const std::string other = MakeRequestPem(Subject({}, "x"));
  t.Vary("text before the request", WithRequest("Hello!\n" + good), kNode);
  t.Vary("another request behind it", WithRequest(good + other), kNode);
  t.Vary("a node's behind another", WithRequest(other + good), kLeft);
  std::string headers = good;
  headers.insert(headers.find('\n') + 1, "Proc-Type: none\n\n");
  t.Vary("PEM headers", WithRequest(headers), kNode);
}

// What was there before.
void AddStates(Table& t) {
  const auto condition = [](std::string type, std::string reason) {
    return [type, reason](CertificateSigningRequest& csr) {
      auto& added = *csr.mutable_status()->add_conditions();
      added.set_type(type);
      added.set_status("True");
      added.set_reason(reason);
      added.set_message("before");
    };
  };
  const struct {
    const char* sentence;
    const char* subresource;
    std::function<void(CertificateSigningRequest&)> before;
    ParityOutcome outcome;
  } kStates[] = {
      {"denied", "approval", condition("Denied", "ByHand"), kLeft},
      {"approved", "approval", condition("Approved", "ByHand"), kLeft},
      {"failed, but not decided", "status", condition("Failed", "Broken"),
       kNode},
      {"a condition of somebody's own", "status",
       condition("Witnessed", "Here"), kNode},
      {"a certificate, but no decision", "status",
       [](CertificateSigningRequest& csr) {
         csr.mutable_status()->set_certificate(
             testing::TestCa().certificate_pem());
       },
       kLeft},
  };
  for (const auto& s : kStates) {
    ParityCase& added = t.Add(absl::StrCat("before: ", s.sentence), Bootstrap(),
                              Fields(), s.outcome);
    added.subresource = s.subresource;
    added.before = s.before;
  }
}

}  // namespace

std::vector<ParityCase> MakeParityCases() {
  Table table;
  AddRequesters(table);
  AddSigners(table);
  AddSubjects(table);
  AddNamesAndExtensions(table);
  AddUsages(table);
  AddKeysAndEncodings(table);
  AddStates(table);
  return std::move(table).Take();
}

std::string ParityRights() {
  constexpr char kNodeClient[] =
      "system:certificates.k8s.io:certificatesigningrequests:nodeclient";
  constexpr char kSelfNodeClient[] =
      "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient";
  std::string manifest;
  const auto bind = [&manifest](const char* name, const std::string& role,
                                const Words& users) {
    absl::StrAppend(&manifest,
                    "apiVersion: rbac.authorization.k8s.io/v1\n"
                    "kind: ClusterRoleBinding\n"
                    "metadata: {name: parity-",
                    name,
                    "}\n"
                    "roleRef: {apiGroup: rbac.authorization.k8s.io, "
                    "kind: ClusterRole, name: '",
                    role, "'}\nsubjects:\n");
    for (const std::string& user : users) {
      const bool group = user == "system:authenticated";
      absl::StrAppend(&manifest,
                      "- {apiGroup: rbac.authorization.k8s.io, kind: ",
                      group ? "Group" : "User", ", name: '", user, "'}\n");
    }
    manifest += "---\n";
  };
  const auto role = [&manifest](const char* name, const char* rule) {
    absl::StrAppend(&manifest,
                    "apiVersion: rbac.authorization.k8s.io/v1\n"
                    "kind: ClusterRole\n"
                    "metadata: {name: parity-",
                    name, "}\nrules: [", rule, "]\n---\n");
  };
  // Who may create requests at all.
  bind("requests", "system:node-bootstrapper", {"system:authenticated"});
  bind("join", kNodeClient,
       {"parity-both", "system:node:parity-both", "system:node:parity-join",
        "system:serviceaccount:default:joins", "system:node:"});
  bind("renew", kSelfNodeClient,
       {"parity-both", "system:node:parity-both", "parity-self",
        "system:node:parity-self", "system:node:"});
  role("star", "{apiGroups: ['*'], resources: ['*/nodeclient'], verbs: ['*']}");
  bind("star", "parity-star", {"parity-star"});
  role("one-name",
       "{apiGroups: [certificates.k8s.io], "
       "resources: [certificatesigningrequests/nodeclient], "
       "resourceNames: [x], verbs: [create]}");
  bind("one-name", "parity-one-name", {"parity-one-name"});
  role("get",
       "{apiGroups: [certificates.k8s.io], "
       "resources: [certificatesigningrequests/nodeclient], "
       "verbs: [get, list, update]}");
  bind("get", "parity-get", {"parity-get"});
  absl::StrAppend(&manifest,
                  "apiVersion: rbac.authorization.k8s.io/v1\n"
                  "kind: RoleBinding\n"
                  "metadata: {name: parity-namespace, namespace: default}\n"
                  "roleRef: {apiGroup: rbac.authorization.k8s.io, "
                  "kind: ClusterRole, name: '",
                  kNodeClient,
                  "'}\nsubjects:\n"
                  "- {apiGroup: rbac.authorization.k8s.io, kind: User, "
                  "name: parity-namespace}\n");
  return manifest;
}

}  // namespace signet::e2e
