// A real kubelet and our agent beside each other, on the same API server: what
// each leaves in its folders and asks of the API must be the same.

#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/api/core.pb.h"
#include "core/k8s/resource_api.h"
#include "core/pki/certificate_request.h"
#include "core/pki/pem.h"
#include "core/pki/signature_algorithm.h"
#include "e2e/agent_process.h"
#include "e2e/e2e_test.h"
#include "e2e/kubelet.h"
#include "e2e/process.h"
#include "e2e/scenarios.h"
#include "e2e/testbed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "re2/re2.h"

namespace signet::e2e {
namespace {

using ::absl_testing::IsOk;
using ::signet::api::CertificateSigningRequest;
using ::testing::IsEmpty;

constexpr absl::string_view kServingSigner = "kubernetes.io/kubelet-serving";

// Names of one length: their lengths are in the DER.
constexpr char kKubeletNode[] = "parity-node-1";
constexpr char kAgentNode[] = "parity-node-2";

// What may differ, and why.
struct Reason {
  absl::string_view pattern;  // Of the whole line.
  absl::string_view why;
};
constexpr Reason kReasons[] = {
    {R"(csr .*: written by .*)",
     "each program writes under its own name, in User-Agent and so in "
     "managedFields"},
    {R"(pki/kubelet-(client|server)-pending\.pem .*)",
     "ours keeps the key of a request under way, so that a crash does not lose "
     "it (docs/decisions)"},
};

// The length in a DER header at `offset`, which is moved behind it.
size_t ReadLength(absl::string_view der, size_t& offset) {
  size_t length = static_cast<uint8_t>(der.at(offset + 1));
  offset += 2;
  if (length < 0x80) return length;
  size_t bytes = length & 0x7f;
  length = 0;
  while (bytes-- > 0)
    length = length << 8 | static_cast<uint8_t>(der.at(offset++));
  return length;
}

// The attributes of a request, in DER.
std::string AttributesOf(const pki::CertificateRequest& request) {
  const std::string& der = request.der();
  size_t offset = 0;
  ReadLength(der, offset);
  size_t info_length = 0;
  info_length = ReadLength(der, offset);
  const size_t info_end = offset + info_length;
  const std::string& spki = request.public_key().spki_der();
  const size_t key = der.find(spki);
  if (key == std::string::npos) return "?";
  return der.substr(key + spki.size(), info_end - key - spki.size());
}

// A portrait of one node: lines that say what there is, without what is
// different by its nature (times, random names, keys).
class Portrait {
 public:
  Portrait(const AgentFiles& files) : files_(files) {}

  absl::Status Draw(Testbed& testbed) {
    ABSL_RETURN_IF_ERROR(DrawFiles());
    ABSL_ASSIGN_OR_RETURN(
        const auto list,
        testbed.admin().Api<CertificateSigningRequest>()->List({}));
    for (const CertificateSigningRequest& csr : list.items) {
      if (csr.spec().username() == files_.bootstrap_user ||
          csr.spec().username() == "system:node:" + files_.node) {
        ABSL_RETURN_IF_ERROR(DrawRequest(csr));
      }
    }
    return absl::OkStatus();
  }
  const std::set<std::string>& lines() const { return lines_; }

 private:
  std::string General(std::string text) const {
    absl::StrReplaceAll({{files_.cert_dir, "$PKI"},
                         {files_.bootstrap_user, "$BOOTSTRAP_USER"},
                         {files_.node, "$NODE"}},
                        &text);
    static const RE2& kTime = *new RE2(R"(\d{4}(-\d\d){5})");
    RE2::GlobalReplace(&text, kTime, "$TIME");
    return text;
  }
  template <class... T>
  void Line(const T&... parts) {
    lines_.insert(General(absl::StrCat(parts...)));
  }
  // "600 0:0"
  static std::string Rights(const struct stat& info) {
    return absl::StrFormat("%o %d:%d", info.st_mode & 07777, info.st_uid,
                           info.st_gid);
  }

  absl::Status DrawFiles() {
    struct stat info;
    if (stat(files_.cert_dir.c_str(), &info) != 0) {
      return absl::NotFoundError(files_.cert_dir);
    }
    Line("pki/ directory ", Rights(info));
    for (const auto& entry :
         std::filesystem::directory_iterator(files_.cert_dir)) {
      const std::string name = entry.path().filename().string();
      if (lstat(entry.path().c_str(), &info) != 0) continue;  // Gone since.
      if (S_ISLNK(info.st_mode)) {
        Line("pki/", name, " link ", Rights(info), " -> ",
             std::filesystem::read_symlink(entry.path()).string());
        continue;
      }
      ABSL_ASSIGN_OR_RETURN(const std::string text,
                            ReadFile(entry.path().string()));
      ABSL_ASSIGN_OR_RETURN(const auto blocks, pki::ParsePem(text));
      std::vector<std::string> types;
      size_t size = 0;
      for (const pki::PemBlock& block : blocks) {
        types.push_back(block.type);
        size += pki::EncodePem(block.type, block.der).size();
      }
      Line("pki/", name, " file ", Rights(info), " of ",
           absl::StrJoin(types, ", "),
           size == text.size() ? " and nothing else" : " and other text");
    }
    if (stat(files_.kubeconfig.c_str(), &info) != 0) {
      return absl::NotFoundError(files_.kubeconfig);
    }
    Line("kubeconfig file ", Rights(info));
    ABSL_ASSIGN_OR_RETURN(const std::string kubeconfig,
                          ReadFile(files_.kubeconfig));
    int number = 0;
    for (absl::string_view line : absl::StrSplit(kubeconfig, '\n')) {
      Line(absl::StrFormat("kubeconfig %02d: ", ++number), line);
    }
    return absl::OkStatus();
  }

  absl::Status DrawRequest(const CertificateSigningRequest& csr) {
    const auto& meta = csr.metadata();
    const auto& spec = csr.spec();
    const std::string which =
        absl::StrCat("csr ",
                     spec.signer_name() == kServingSigner       ? "for serving"
                     : spec.username() == files_.bootstrap_user ? "to join"
                                                                : "to renew",
                     ": ");
    static const RE2& kName = *new RE2("csr-[bcdfghjklmnpqrstvwxz2456789]{5}");
    Line(which, "generateName ", meta.generate_name(), ", name ",
         RE2::FullMatch(meta.name(), kName) ? "csr-XXXXX" : meta.name(), ", ",
         meta.labels_size(), " labels, ", meta.annotations_size(),
         " annotations, ", meta.finalizers_size(), " finalizers, ",
         meta.owner_references_size(), " owners");
    for (const auto& entry : meta.managed_fields()) {
      if (entry.operation() == "Update" && entry.subresource().empty()) {
        Line(which, "written by ", entry.manager());
      }
    }
    Line(which, "signer ", spec.signer_name(), ", usages ",
         absl::StrJoin(spec.usages(), ", "), ", expirationSeconds ",
         spec.has_expiration_seconds() ? absl::StrCat(spec.expiration_seconds())
                                       : "none");
    std::set<std::string> extra;
    for (const auto& [key, values] : spec.extra()) {
      extra.insert(absl::StrCat(key, " x", values.items_size()));
    }
    Line(which, "by ", spec.username(), ", groups ",
         absl::StrJoin(spec.groups(), ", "), ", extra ",
         absl::StrJoin(extra, ", "));

    ABSL_ASSIGN_OR_RETURN(const pki::PemBlock block,
                          pki::ParseFirstPem(spec.request()));
    ABSL_ASSIGN_OR_RETURN(const pki::CertificateRequest request,
                          pki::CertificateRequest::Parse(block.der));
    ABSL_RETURN_IF_ERROR(request.VerifySignature());
    Line(which, "PEM type ", block.type,
         pki::EncodePem(block.type, block.der) == spec.request()
             ? ", and nothing else"
             : ", and other text");
    Line(which, "subject ", absl::CHexEscape(request.raw_subject()));
    Line(which, "key of ", request.public_key().bits(), " bits, ",
         pki::SignatureAlgorithmName(request.signature_algorithm()));
    Line(which, "attributes ", absl::CHexEscape(AttributesOf(request)));
    return absl::OkStatus();
  }

  const AgentFiles& files_;
  std::set<std::string> lines_;
};

class KubeletParityTest : public E2eTest {
 protected:
  KubeletParityTest() : E2eTest({.real_kubernetes = true}) {}

  // Approves what waits for a person, and says whether the node has joined,
  // renewed and got a serving certificate.
  absl::Status HasAll(const AgentFiles& files) {
    ABSL_ASSIGN_OR_RETURN(
        const auto list,
        testbed().admin().Api<CertificateSigningRequest>()->List({}));
    for (const CertificateSigningRequest& csr : list.items) {
      if (csr.spec().signer_name() == kServingSigner &&
          csr.status().conditions().empty()) {
        ABSL_RETURN_IF_ERROR(Approve(testbed(), csr.metadata().name()));
      }
    }
    int client = 0, server = 0;
    std::error_code error;
    for (const auto& entry :
         std::filesystem::directory_iterator(files.cert_dir, error)) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with("kubelet-client-2")) ++client;
      if (name.starts_with("kubelet-server-2")) ++server;
    }
    if (client >= 2 && server >= 1) return absl::OkStatus();
    return absl::UnavailableError(absl::StrCat(
        files.node, " has ", client, " client and ", server, " server pairs"));
  }
};

TEST_F(KubeletParityTest, OurAgentLeavesAndAsksWhatAKubeletDoes) {
  const auto approver = testbed().StartApprover();
  ASSERT_THAT(approver.status(), IsOk());
  const auto signer = testbed().StartSigner();
  ASSERT_THAT(signer.status(), IsOk());
  const absl::StatusOr<std::string> address = OwnAddress();
  ASSERT_THAT(address.status(), IsOk());

  const absl::StatusOr<AgentFiles> theirs =
      testbed().MakeAgentFiles(kKubeletNode);
  ASSERT_THAT(theirs.status(), IsOk());
  const absl::StatusOr<std::unique_ptr<Kubelet>> kubelet = Kubelet::Start(
      testbed(), *theirs, {.serving = true, .node_ip = *address});
  ASSERT_THAT(kubelet.status(), IsOk());

  const absl::StatusOr<AgentFiles> ours = testbed().MakeAgentFiles(kAgentNode);
  ASSERT_THAT(ours.status(), IsOk());
  // The addresses that a kubelet of this name would set.
  api::Node node;
  node.mutable_metadata()->set_name(kAgentNode);
  const auto nodes = testbed().admin().Api<api::Node>();
  absl::StatusOr<api::Node> created = nodes->Create(node);
  ASSERT_THAT(created.status(), IsOk());
  for (const auto& [type, value] :
       {std::pair<std::string, std::string>{"InternalIP", *address},
        {"Hostname", kAgentNode}}) {
    auto* entry = created->mutable_status()->add_addresses();
    entry->set_type(type);
    entry->set_address(value);
  }
  ASSERT_THAT(nodes->UpdateSubresource("status", *created), IsOk());
  const auto agent =
      StartAgentWith(testbed(), *ours,
                     {"--rotate-server-certificates", "--keep-certificates=0"});
  ASSERT_THAT(agent.status(), IsOk());

  // A renewal is due at most 92 s after a certificate (SPEC G-4b).
  ASSERT_THAT(Eventually(absl::Minutes(4),
                         [&]() -> absl::Status {
                           const absl::Status kubelets = HasAll(*theirs);
                           const absl::Status agents = HasAll(*ours);
                           return kubelets.ok() ? agents : kubelets;
                         }),
              IsOk());
  Portrait kubelets(*theirs), agents(*ours);
  ASSERT_THAT(kubelets.Draw(testbed()), IsOk());
  ASSERT_THAT(agents.Draw(testbed()), IsOk());

  std::set<std::string> unexplained;
  int same = 0;
  std::map<absl::string_view, int> reasons;
  const auto tell = [&](absl::string_view sign, const std::string& line) {
    absl::string_view why;
    for (const Reason& reason : kReasons) {
      if (RE2::FullMatch(line, RE2(reason.pattern))) why = reason.why;
    }
    std::cout << "parity: " << sign << " " << line << "\n";
    if (why.empty()) {
      unexplained.insert(absl::StrCat(sign, " ", line));
    } else {
      ++reasons[why];
    }
  };
  std::cout << "parity: --- kubelet " << (*kubelet)->process().pid()
            << "\nparity: +++ signet-node-agent " << (*agent)->pid() << "\n";
  for (const std::string& line : kubelets.lines()) {
    if (agents.lines().contains(line)) {
      ++same;
    } else {
      tell("-", line);
    }
  }
  for (const std::string& line : agents.lines()) {
    if (!kubelets.lines().contains(line)) tell("+", line);
  }
  for (const auto& [why, count] : reasons) {
    std::cout << "parity: " << count << " lines because " << why << "\n";
  }
  std::cout << "parity: " << same << " lines are the same, "
            << unexplained.size() << " differ without a reason" << std::endl;
  EXPECT_THAT(unexplained, IsEmpty());
  EXPECT_GE(same, 35);

  const absl::StatusOr<int64_t> kubelet_kib = ResidentKib((*kubelet)->pid());
  const absl::StatusOr<int64_t> agent_kib = ResidentKib((*agent)->pid());
  ASSERT_THAT(kubelet_kib.status(), IsOk());
  ASSERT_THAT(agent_kib.status(), IsOk());
  std::cout << "parity: resident memory: signet-node-agent " << *agent_kib
            << " KiB, kubelet " << *kubelet_kib << " KiB" << std::endl;
}

}  // namespace
}  // namespace signet::e2e
