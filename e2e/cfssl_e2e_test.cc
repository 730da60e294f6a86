// Real cfssl and cfssljson 1.6.5, and signet in their place: the same command
// lines give the same output, files, modes, log and exit codes (SPEC E-14 to
// E-26), but for the differences that stand here with their reasons.

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_authority.h"
#include "core/pki/certificate_request.h"
#include "core/pki/pem.h"
#include "core/pki/private_key.h"
#include "e2e/process.h"
#include "gtest/gtest.h"
#include "re2/re2.h"

namespace signet::e2e {
namespace {

using ::absl_testing::IsOk;

// What is the same in two certificates that differ only in what is random: all
// but serial number, key, times and signature, and of these the shape.
std::string Describe(const pki::Certificate& certificate) {
  std::string text = absl::StrCat(
      "certificate subject=", absl::BytesToHexString(certificate.raw_subject()),
      " issuer=", absl::BytesToHexString(certificate.raw_issuer()),
      " lifetime=", absl::FormatDuration(certificate.validity().lifetime()),
      " algorithm=",
      pki::SignatureAlgorithmName(certificate.signature_algorithm()),
      " key=", static_cast<int>(certificate.public_key().type()), "/",
      certificate.public_key().bits(),
      " serial<=20=", certificate.serial_number().size() <= 20);
  const absl::Duration second =
      certificate.validity().not_before -
      absl::FromUnixSeconds(
          60 * absl::ToInt64Minutes(certificate.validity().not_before -
                                    absl::UnixEpoch()));
  absl::StrAppend(&text, " whole minute=", second == absl::ZeroDuration());
  absl::StrAppend(
      &text, " ski=",
      certificate.subject_key_id() == pki::KeyId(certificate.public_key()),
      " aki=", absl::BytesToHexString(certificate.authority_key_id()));
  // The extensions as they are, without the key's identifier.
  const std::string ski = absl::BytesToHexString(certificate.subject_key_id());
  std::string tbs = absl::BytesToHexString(certificate.raw_tbs());
  const std::string spki =
      absl::BytesToHexString(certificate.public_key().spki_der());
  const size_t end_of_key = tbs.find(spki);
  if (end_of_key != std::string::npos) {
    std::string rest = tbs.substr(end_of_key + spki.size());
    if (!ski.empty()) rest = absl::StrReplaceAll(rest, {{ski, "SKI"}});
    absl::StrAppend(&text, " extensions=", rest);
  }
  return text;
}

std::string Describe(const pki::CertificateRequest& request) {
  std::string text = absl::StrCat(
      "request subject=", absl::BytesToHexString(request.raw_subject()),
      " algorithm=", pki::SignatureAlgorithmName(request.signature_algorithm()),
      " key=", static_cast<int>(request.public_key().type()), "/",
      request.public_key().bits(),
      " good signature=", request.VerifySignature().ok(), " extensions=");
  for (const pki::RequestedExtension& extension : request.extensions()) {
    absl::StrAppend(&text, extension.oid, extension.critical ? "!" : "", ":",
                    absl::BytesToHexString(extension.value_der), ";");
  }
  return text;
}

std::string DescribePem(const std::string& pem) {
  const absl::StatusOr<pki::PemBlock> block = pki::ParseFirstPem(pem);
  if (!block.ok()) return "no PEM";
  if (block->type == "CERTIFICATE") {
    const auto certificate = pki::Certificate::Parse(block->der);
    if (certificate.ok()) return Describe(*certificate);
  } else if (absl::EndsWith(block->type, "CERTIFICATE REQUEST")) {
    const auto request = pki::CertificateRequest::Parse(block->der);
    if (request.ok()) return Describe(*request);
  } else if (absl::EndsWith(block->type, "PRIVATE KEY")) {
    const auto key = pki::PrivateKey::FromPem(
        absl::StrReplaceAll(pem, {{"Ed25519 PRIVATE KEY", "PRIVATE KEY"}}));
    if (key.ok()) {
      return absl::StrCat(block->type, " ",
                          static_cast<int>(key->public_key().type()), "/",
                          key->public_key().bits());
    }
  }
  return absl::StrCat("unreadable ", block->type);
}

// A text without what is random in it. In JSON the newlines of PEM are escaped.
std::string Normalise(absl::string_view text) {
  constexpr absl::string_view kBegin = "-----BEGIN ", kEnd = "-----END ";
  std::string out;
  for (;;) {
    const size_t begin = text.find(kBegin);
    const size_t end = text.find(kEnd, begin);
    const size_t dashes = text.find("-----", end + kEnd.size());
    if (begin == text.npos || end == text.npos || dashes == text.npos) break;
    const absl::string_view pem = text.substr(begin, dashes + 5 - begin);
    absl::StrAppend(&out, text.substr(0, begin), "<",
                    DescribePem(absl::StrReplaceAll(pem, {{"\\n", "\n"}})),
                    ">");
    text.remove_prefix(dashes + 5);
  }
  absl::StrAppend(&out, text);
  RE2::GlobalReplace(&out, R"(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d)", "TIME");
  RE2::GlobalReplace(&out, R"(serial number \d+)", "serial number N");
  return out;
}

std::string Contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

struct Outcome {
  int exit_code = 0;
  std::string out, err;
  std::map<std::string, std::string> files;  // Mode and contents.
};

std::string Text(const Outcome& outcome, bool with_log) {
  std::string text =
      absl::StrCat("exit code ", outcome.exit_code, "\n---- stdout\n",
                   Normalise(outcome.out), "\n---- files\n");
  for (const auto& [name, contents] : outcome.files) {
    absl::StrAppend(&text, name, " ", Normalise(contents), "\n");
  }
  if (with_log) {
    absl::StrAppend(&text, "---- stderr\n", Normalise(outcome.err));
  }
  return text;
}

// How far signet is to do the same.
enum class Like {
  kAll,        // Also on stderr.
  kButStderr,  // Other words there.
  kDifferent,  // On purpose: `reason` says why; `differs` must be so.
};

struct Case {
  std::string name;
  std::string script;
  Like like = Like::kAll;
  std::string reason = "";  // Of kButStderr and kDifferent.
};

// The files that every case starts with.
constexpr char kFixtures[] = R"sh(
set -e
cat >req.json <<'X'
{"CN":"x.example","hosts":["x.example","10.0.0.1","a@b.c","spiffe://x/y"],
 "names":[{"C":"US","ST":"CA","L":"San Francisco","O":"Widgets, Inc.","OU":"WWW"}]}
X
cat >page.json <<'X'
{"hosts":["my-svc.my-namespace.svc.cluster.local",
  "my-pod.my-namespace.pod.cluster.local","192.0.2.24","10.0.34.2"],
 "CN":"my-pod.my-namespace.pod.cluster.local",
 "key":{"algo":"ecdsa","size":256}}
X
cat >ca.json <<'X'
{"CN":"My Example Signer","key":{"algo":"rsa","size":2048}}
X
cat >ca-ec.json <<'X'
{"CN":"ca","names":[{"O":"o"}],"ca":{"expiry":"87600h","pathlen":1},
 "hosts":["ca.example","10.0.0.9"]}
X
cat >config.json <<'X'
{"signing":{"default":{"expiry":"168h","usages":["signing","client auth"]},
 "profiles":{
  "server":{"expiry":"8760h","usages":["digital signature","key encipherment","server auth"],"ca_constraint":{"is_ca":false}},
  "order":{"expiry":"1h","usages":["server auth","client auth","signing","any","server auth"]},
  "back":{"expiry":"2h","backdate":"30m","usages":["signing"]},
  "urls":{"expiry":"1h","usages":["signing"],"ocsp_url":"http://o.example","crl_url":"http://c.example/c","issuer_urls":["http://i.example/1","http://i.example/2"],"ocsp_no_check":true},
  "policy":{"expiry":"1h","usages":["signing"],"Policies":[{"ID":"1.2.3.4","Qualifiers":[{"Type":"id-qt-cps","Value":"http://cps"},{"Type":"id-qt-unotice","Value":"note"}]},{"ID":"2.5.29.32.0"}]},
  "sub":{"expiry":"1h","usages":["cert sign","crl sign"],"ca_constraint":{"is_ca":true,"max_path_len_zero":true}},
  "names":{"expiry":"1h","usages":["signing"],"name_whitelist":"^[a-z]+\\.example$"},
  "white":{"expiry":"1h","usages":["signing"],"CSRWhitelist":{"Subject":true,"PublicKey":true,"PublicKeyAlgorithm":true,"SignatureAlgorithm":true,"DNSNames":true}},
  "copy":{"expiry":"1h","usages":["signing"],"copy_extensions":true},
  "fixed":{"expiry":"1h","usages":["signing"],"not_before":"2026-01-01T00:00:00Z","not_after":"2027-01-01T00:00:00Z"},
  "half":{"expiry":"1h","usages":["signing","no such usage"]}}}}
X
sed 's/8760h/x/' config.json >bad-config.json
echo '{"signing":{"default":{"expiry":"1h"}}}' >no-usages.json
echo '{"CN":"y","names":[{"O":"other"}]}' >subject.json
cfssl gencert -initca ca.json | cfssljson -bare ca
cfssl gencert -initca ca-ec.json | cfssljson -bare ec
cfssl genkey req.json | cfssljson -bare req
cfssl genkey page.json | cfssljson -bare page
echo '{"CN":"4096","key":{"algo":"rsa","size":4096},"ca":{"pathlenzero":true,"pathlen":0}}' |
  cfssl gencert -initca - | cfssljson -bare big
echo '{"CN":"e","key":{"algo":"ed25519"}}' | cfssl gencert -initca - |
  cfssljson -bare ed
echo '{"CN":"short","ca":{"expiry":"1h"}}' | cfssl gencert -initca - |
  cfssljson -bare short
sed 's/CERTIFICATE REQUEST/NEW CERTIFICATE REQUEST/' req.csr >new.csr
head -c 100 req.csr >cut.csr
cat ca.pem ec.pem >two.pem
chmod 644 *-key.pem
)sh";

const std::vector<Case>& Cases() {
  static const auto* const cases = new std::vector<Case>{
      // genkey
      {"genkey", "cfssl genkey req.json"},
      {"genkey, to files", "cfssl genkey req.json | cfssljson -bare out"},
      {"genkey of the page, from standard input",
       "cat page.json | cfssl genkey - | cfssljson -bare server"},
      {"genkey with P-384",
       R"(echo '{"CN":"x","key":{"algo":"ecdsa","size":384}}' | cfssl genkey -)"},
      {"genkey with P-521",
       R"(echo '{"CN":"x","key":{"algo":"ecdsa","size":521}}' | cfssl genkey -)"},
      {"genkey with RSA 2048",
       R"(echo '{"CN":"x","key":{"algo":"rsa","size":2048}}' | cfssl genkey -)"},
      {"genkey with RSA 3072",
       R"(echo '{"CN":"x","key":{"algo":"rsa","size":3072}}' | cfssl genkey -)"},
      {"RSA without a size is too weak (E-15)",
       R"(echo '{"CN":"x","key":{"algo":"rsa"}}' | cfssl genkey -)"},
      {"a wrong curve",
       R"(echo '{"CN":"x","key":{"algo":"ecdsa","size":255}}' | cfssl genkey -)"},
      {"a wrong algorithm",
       R"(echo '{"CN":"x","key":{"algo":"dsa","size":1}}' | cfssl genkey -)"},
      {"keys of the request without regard to case (E-14)",
       R"(echo '{"cn":"x","HOSTS":["a.b"],"Names":[{"o":"p"}],"Key":{"Algo":"ecdsa","SIZE":256},"other":1}' | cfssl genkey -)"},
      {"email, OIDs and a serial number in the subject",
       R"(echo '{"CN":"x","names":[{"E":"a@b.c","OID":{"1.2.3.4":"v"}}],"serialnumber":"7"}' | cfssl genkey -)"},
      {"hosts of every kind (E-16)",
       R"(echo '{"hosts":["*.a.b","::1","1.2.3.4","x@y.z","Bob <b@c.d>","urn:x","/p","k:1","a b"]}' | cfssl genkey -)"},
      {"extensions and delegation",
       R"(echo '{"CN":"x","delegation_enabled":true,"extensions":[{"Id":[1,2,3],"Critical":true,"Value":"BQA="}]}' | cfssl genkey -)"},
      {"an empty request", "echo '{}' | cfssl genkey -"},
      {"a ca section is for initca (E-18)", "cfssl genkey ca-ec.json"},
      {"genkey -initca", "cfssl genkey -initca ca-ec.json"},
      {"nothing on standard input (E-18)", "cfssl genkey - </dev/null"},
      {"no JSON", "echo nonsense | cfssl genkey -", Like::kButStderr,
       "Go names the character; we say as much in other words"},
      {"no argument", "cfssl genkey"},
      {"two arguments", "cfssl genkey req.json page.json"},
      {"a file that is not there", "cfssl genkey none.json"},
      {"a directory", "cfssl genkey ."},
      {"an unknown flag", "cfssl genkey -nonsense req.json", Like::kButStderr,
       "cfssl prints its whole help; we say where it is"},
      {"-loglevel", "cfssl genkey -loglevel 3 req.json"},
      // gencert -initca
      {"initca", "cfssl gencert -initca ca.json"},
      {"initca, to files",
       "cfssl gencert -initca ca.json | cfssljson -bare out"},
      {"initca with path length, expiry and hosts (E-19)",
       "cfssl gencert -initca ca-ec.json"},
      {"initca with two dashes and a value",
       "cfssl gencert --initca=true ca-ec.json"},
      {"initca with path length zero",
       R"(echo '{"CN":"x","ca":{"pathlenzero":true,"backdate":"1h"},"crl_url":"http://c"}' | cfssl gencert -initca -)"},
      {"initca of nobody (E-18)", "echo '{}' | cfssl gencert -initca -"},
      {"initca with a wrong expiry",
       R"(echo '{"CN":"x","ca":{"expiry":"1y"}}' | cfssl gencert -initca -)"},
      {"initca with a key that is there",
       "cfssl gencert -initca -ca-key ca-key.pem ca-ec.json"},
      {"-cn", "cfssl gencert -initca -cn other ca.json"},
      {"renewca", "cfssl gencert -renewca -ca ec.pem -ca-key ec-key.pem"},
      {"renewca with another key",
       "cfssl gencert -renewca -ca ec.pem -ca-key ca-key.pem", Like::kButStderr,
       "cfssl's log has an empty line more"},
      // gencert
      {"gencert", "cfssl gencert -ca ca.pem -ca-key ca-key.pem req.json"},
      {"gencert with a profile, to files",
       "cfssl gencert -ca ca.pem -ca-key ca-key.pem -config config.json "
       "-profile server req.json | cfssljson -bare out"},
      {"gencert -hostname",
       "cfssl gencert -ca ca.pem -ca-key ca-key.pem -hostname a.b,1.2.3.4 "
       "req.json"},
      {"gencert without hosts warns (E-18)",
       R"(echo '{"CN":"x"}' | cfssl gencert -ca ca.pem -ca-key ca-key.pem -)"},
      {"a key from the environment",
       "KEY=\"$(cat ca-key.pem)\" cfssl gencert -ca file:ca.pem -ca-key "
       "env:KEY req.json"},
      {"gencert without a CA ends well (E-23)", "cfssl gencert req.json",
       Like::kDifferent,
       "cfssl exits with 0 though nothing was made; we with 1"},
      {"the same with --compat=cfssl",
       "cfssl gencert ${SIGNET:+--compat=cfssl} req.json"},
      // sign
      {"sign (E-20)", "cfssl sign -ca ca.pem -ca-key ca-key.pem req.csr"},
      {"sign as on the page",
       "cfssl sign -ca ca.pem -ca-key ca-key.pem -config config.json page.csr "
       "| cfssljson -bare ca-signed-server"},
      {"sign by P-256", "cfssl sign -ca ec.pem -ca-key ec-key.pem req.csr"},
      {"sign by RSA 4096, with SHA-512",
       "cfssl sign -ca big.pem -ca-key big-key.pem req.csr"},
      {"sign by Ed25519", "cfssl sign -ca ed.pem -ca-key ed-key.pem req.csr"},
      {"sign a NEW CERTIFICATE REQUEST (E-23)",
       "cfssl sign -ca ca.pem -ca-key ca-key.pem new.csr"},
      {"sign with -hostname instead of the request's names (E-23)",
       "cfssl sign -ca ca.pem -ca-key ca-key.pem -hostname z.example req.csr"},
      {"sign with another subject",
       "cfssl sign -ca ca.pem -ca-key ca-key.pem req.csr subject.json"},
      {"sign -csr, from standard input",
       "cat req.csr | cfssl sign -ca ca.pem -ca-key ca-key.pem -csr -"},
      {"usages in the file's order (E-20)",
       "cfssl sign -ca ca.pem -ca-key ca-key.pem -config config.json -profile "
       "order req.csr"},
      {"a backdate",
       "cfssl sign -ca ca.pem -ca-key ca-key.pem -config config.json -profile "
       "back req.csr"},
      {"OCSP, CRL and issuer URLs",
       "cfssl sign -ca ca.pem -ca-key ca-key.pem -config config.json -profile "
       "urls req.csr"},
      {"certificate policies",
       "cfssl sign -ca ca.pem -ca-key ca-key.pem -config config.json -profile "
       "policy req.csr"},
      {"fixed times",
       "cfssl sign -ca ca.pem -ca-key ca-key.pem -config config.json -profile "
       "fixed req.csr"},
      {"a whitelist of fields",
       "cfssl sign -ca ca.pem -ca-key ca-key.pem -config config.json -profile "
       "white req.csr"},
      {"copied extensions",
       "cfssl sign -ca ca.pem -ca-key ca-key.pem -config config.json -profile "
       "copy req.csr"},
      {"a subordinate CA",
       "cfssl sign -ca ec.pem -ca-key ec-key.pem -config config.json -profile "
       "sub ca.csr"},
      {"a CA request where the profile allows none",
       "cfssl sign -ca ca.pem -ca-key ca-key.pem -config config.json ec.csr"},
      {"a CA with path length 0 makes no CA",
       "cfssl sign -ca big.pem -ca-key big-key.pem -config config.json "
       "-profile sub ec.csr"},
      {"a name that is not whitelisted",
       "cfssl sign -ca ca.pem -ca-key ca-key.pem -config config.json -profile "
       "names req.csr"},
      {"no usages (E-22)",
       "cfssl sign -ca ca.pem -ca-key ca-key.pem -config no-usages.json "
       "req.csr"},
      {"some unknown usages (E-22)",
       "cfssl sign -ca ca.pem -ca-key ca-key.pem -config config.json -profile "
       "half req.csr",
       Like::kButStderr, "we warn of the usages that are left out"},
      {"an unknown profile (E-23)",
       "cfssl sign -ca ca.pem -ca-key ca-key.pem -config config.json -profile "
       "none req.csr",
       Like::kDifferent,
       "cfssl takes the default profile in silence; we refuse (5400)"},
      {"the same with --compat=cfssl",
       "cfssl sign ${SIGNET:+--compat=cfssl} -ca ca.pem -ca-key ca-key.pem "
       "-config config.json -profile none req.csr"},
      {"a certificate that outlives its CA (E-24)",
       "cfssl sign -ca short.pem -ca-key short-key.pem req.csr",
       Like::kButStderr, "we warn"},
      {"the same with --compat=cfssl",
       "cfssl sign ${SIGNET:+--compat=cfssl} -ca short.pem -ca-key "
       "short-key.pem req.csr"},
      {"a wrong configuration",
       "cfssl sign -ca ca.pem -ca-key ca-key.pem -config bad-config.json "
       "req.csr",
       Like::kButStderr, "cfssl's message has no newline"},
      {"a configuration without a CA",
       "cfssl sign -config config.json req.csr"},
      {"another CA's key", "cfssl sign -ca ca.pem -ca-key ec-key.pem req.csr"},
      {"a CA file with two certificates",
       "cfssl sign -ca two.pem -ca-key ca-key.pem req.csr"},
      {"a request that was cut off",
       "cfssl sign -ca ca.pem -ca-key ca-key.pem cut.csr"},
      {"a certificate in the request's place",
       "cfssl sign -ca ca.pem -ca-key ca-key.pem ca.pem"},
      {"a key in the CA's place",
       "cfssl sign -ca ca-key.pem -ca-key ca-key.pem req.csr"},
      {"sign without a CA ends well (E-23)", "cfssl sign req.csr",
       Like::kDifferent,
       "cfssl exits with 0 though nothing was made; we with 1"},
      // gencsr, certinfo, print-defaults
      {"gencsr", "cfssl gencsr -key ca-key.pem req.json"},
      {"gencsr of a certificate",
       "cfssl gencsr -key ec-key.pem -cert ec.pem -hostname a.b"},
      {"certinfo (E-26)", "cfssl certinfo -cert ca.pem"},
      {"certinfo with names", "cfssl certinfo -cert ec.pem"},
      {"certinfo from standard input", "cat ed.pem | cfssl certinfo -cert -"},
      {"certinfo of a request is no certificate",
       "cfssl certinfo -cert req.csr"},
      {"certinfo of nothing", "cfssl certinfo"},
      {"certinfo of a request", "cfssl certinfo -csr req.csr", Like::kDifferent,
       "cfssl prints Go's struct as it is in memory; we the fields of -cert"},
      {"print-defaults config", "cfssl print-defaults config"},
      {"print-defaults csr", "cfssl print-defaults csr"},
      // cfssljson
      {"json without -bare wants the envelope (E-25)",
       "cfssl genkey req.json | cfssljson out"},
      {"json with an envelope",
       R"(echo '{"success":true,"result":{"certificate":"C","private_key":"K","certificate_request":"R","encrypted_key":"E"}}' | cfssljson out)"},
      {"json with an envelope of failure",
       R"(echo '{"success":false,"errors":[{"code":1,"message":"no"},{"message":"way"}]}' | cfssljson out)"},
      {"json with a bundle and an OCSP response",
       R"(echo '{"result":{"bundle":{"bundle":"B","root":"R"}},"ocspResponse":"AAEC"}' | cfssljson -bare out)"},
      {"json of half a bundle",
       R"(echo '{"result":{"bundle":{"bundle":"B"}}}' | cfssljson -bare out)"},
      {"json -stdout",
       R"(echo '{"cert":"C","key":"K","ocspResponse":"AAEC"}' | cfssljson -bare -stdout)"},
      {"json -f, default name",
       "echo '{\"cert\":\"C\"}' >in; cfssljson -bare -f in"},
      {"json of nothing", "cfssljson -bare out </dev/null"},
      {"json of a file that is not there", "cfssljson -bare -f none out"},
      {"json overwrites",
       "echo old >out.pem; chmod 640 out.pem; "
       "echo '{\"cert\":\"C\"}' | cfssljson -bare out; cat out.pem; rm "
       "out.pem"},
      {"json under another umask (E-25)",
       "umask 077; cfssl genkey req.json | cfssljson -bare out"},
      {"json under umask 002",
       "umask 002; cfssl gencert -initca ca.json | cfssljson -bare out"},
      {"json into a folder that is not there",
       "echo '{\"cert\":\"C\"}' | cfssljson -bare none/out", Like::kButStderr,
       "we name the temporary file, too"},
      {"an Ed25519 key (E-15)",
       R"(echo '{"CN":"x","key":{"algo":"ed25519"}}' | cfssl genkey -)",
       Like::kDifferent,
       "cfssl's label `Ed25519 PRIVATE KEY` is read by nothing else; we write "
       "`PRIVATE KEY`"},
      {"the same with --compat=cfssl",
       R"(echo '{"CN":"x","key":{"algo":"ed25519"}}' | cfssl genkey ${SIGNET:+--compat=cfssl} -)"},
      {"an RSA size between the usual ones",
       R"(echo '{"CN":"x","key":{"algo":"rsa","size":2056}}' | cfssl genkey -)",
       Like::kDifferent, "we make RSA keys of 2048, 3072 and 4096 bits only"},
      {"a name in hosts that no certificate can hold",
       R"(echo '{"hosts":["ä"]}' | cfssl genkey -)", Like::kDifferent,
       "cfssl panics (exit 2); we say what is wrong (exit 1)"},
      {"json of something that is no text",
       R"(echo '{"cert":1}' | cfssljson -bare out)", Like::kDifferent,
       "cfssljson panics (exit 2); we say what is wrong (exit 1)"},
  };
  return *cases;
}

class CfsslTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* const peers = std::getenv("SIGNET_PEERS_BIN");
    ASSERT_NE(peers, nullptr) << "run it by tools/e2e native: no cfssl here";
    const absl::StatusOr<std::string> signet = Runfile("cli/signet");
    ASSERT_THAT(signet.status(), IsOk());
    const char* const folder = std::getenv("SIGNET_E2E_DIRECTORY");
    directory_ = absl::StrCat(folder == nullptr ? ::testing::TempDir() : folder,
                              "/cfssl");
    std::filesystem::remove_all(directory_);
    // A script finds its programs on PATH; signet stands there under cfssl's
    // names.
    ours_ = directory_ + "/ours";
    std::filesystem::create_directories(ours_);
    for (const auto& [name, word] :
         {std::pair<std::string, std::string>{"cfssl", ""},
          {"cfssljson", "json "}}) {
      const std::string path = absl::StrCat(ours_, "/", name);
      std::ofstream(path) << "#!/bin/sh\nexec '" << *signet << "' " << word
                          << "\"$@\"\n";
      ASSERT_EQ(chmod(path.c_str(), 0755), 0);
    }
    theirs_ = peers;
    fixtures_ = directory_ + "/fixtures";
    std::filesystem::create_directories(fixtures_);
    const Outcome made = Run(fixtures_, theirs_, kFixtures);
    ASSERT_EQ(made.exit_code, 0) << made.err;
  }

  // Runs a script in a folder and looks at what it leaves there.
  Outcome Run(const std::string& folder, const std::string& programs,
              const std::string& script) {
    Outcome outcome;
    const absl::StatusOr<CommandResult> result =
        RunCommand({"/bin/bash", "-c",
                    absl::StrCat("set -o pipefail; umask 022; cd '", folder,
                                 "'; ", script)},
                   {{"PATH", absl::StrCat(programs, ":/usr/bin:/bin")},
                    {"SIGNET", programs == ours_ ? "yes" : ""}});
    EXPECT_THAT(result.status(), IsOk());
    if (!result.ok()) return outcome;
    outcome.exit_code = result->exit_code;
    outcome.out = result->out;
    outcome.err = result->err;
    return outcome;
  }

  Outcome RunCase(const Case& test, const std::string& programs) {
    const std::string folder = directory_ + "/work";
    std::filesystem::remove_all(folder);
    std::filesystem::copy(fixtures_, folder,
                          std::filesystem::copy_options::recursive);
    Outcome outcome = Run(folder, programs, test.script);
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const std::string name = entry.path().filename();
      if (std::filesystem::exists(fixtures_ + "/" + name)) continue;
      struct stat info;
      EXPECT_EQ(lstat(entry.path().c_str(), &info), 0);
      outcome.files[name] = absl::StrFormat("%04o ", info.st_mode & 07777) +
                            Contents(entry.path());
    }
    return outcome;
  }

  std::string directory_, ours_, theirs_, fixtures_;
};

// SPEC E-14 to E-26.
TEST_F(CfsslTest, E14ToE26TheSameCommandLinesDoTheSame) {
  int same = 0, same_but_stderr = 0, different = 0;
  for (const Case& test : Cases()) {
    SCOPED_TRACE(test.name);
    SCOPED_TRACE(test.script);
    const Outcome theirs = RunCase(test, theirs_);
    const Outcome ours = RunCase(test, ours_);
    if (test.like == Like::kDifferent) {
      EXPECT_NE(Text(ours, /*with_log=*/false), Text(theirs, false))
          << "this is no difference any more";
      EXPECT_LE(ours.exit_code, 2);
      std::cout << "known difference: " << test.name << ": " << test.reason
                << "\n";
      ++different;
      continue;
    }
    const bool with_log = test.like == Like::kAll;
    EXPECT_EQ(Text(ours, with_log), Text(theirs, with_log));
    if (with_log) {
      ++same;
    } else {
      std::cout << "known difference on stderr: " << test.name << ": "
                << test.reason << "\n";
      ++same_but_stderr;
    }
  }
  std::cout << "signet and cfssl 1.6.5: " << Cases().size()
            << " command lines, " << same << " the same in output, files, "
            << "modes, exit code and log, " << same_but_stderr
            << " but for words on stderr, " << different
            << " known differences\n";
}

}  // namespace
}  // namespace signet::e2e
