// The embedded API server beside kube-apiserver: the same requests, the same
// answers (SPEC D-1 to D-20, G-5).

#include <algorithm>
#include <cstddef>
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
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "boost/json.hpp"
#include "core/http/beast_transport.h"
#include "core/http/message.h"
#include "core/http/transport.h"
#include "core/k8s/kubeconfig.h"
#include "core/sys/posix_file_system.h"
#include "e2e/cluster_provider.h"
#include "e2e/e2e_test.h"
#include "e2e/embedded_provider.h"
#include "e2e/process.h"
#include "e2e/testbed.h"
#include "gtest/gtest.h"
#include "re2/re2.h"

namespace signet::e2e {
namespace {

namespace json = boost::json;
using ::absl_testing::IsOk;

constexpr absl::Duration kTimeout = absl::Seconds(20);

// Where the two differ, and why: by the request's name. Nothing else may.
struct KnownDifference {
  absl::string_view request;
  absl::string_view why;
};
constexpr absl::string_view kDer = "Go's ASN.1 decoder has its own words";
constexpr absl::string_view kColumns = "columns are described in our own words";
constexpr absl::string_view kFewer = "not all of Kubernetes is served";
constexpr KnownDifference kKnown[] = {
    {"request csr_dsa", kDer},
    {"request csr_empty_block", kDer},
    {"request csr_garbage_der", kDer},
    {"request csr_not_asn1", kDer},
    {"request csr_truncated", kDer},
    {"bad YAML", "the YAML library has its own words"},
    {"get as a table", kColumns},
    {"list as a table", kColumns},
    {"get secret as a table", kColumns},
    {"bundle as a table", kColumns},
    {"list ?continue=abc", "the real token is JSON, and its parser speaks"},
    {"secret", "the pair in a TLS Secret is not looked at"},
    {"node", "no taint, as nothing schedules"},
    {"path /", kFewer},
    {"path /apis", kFewer},
    {"path /apis/certificates.k8s.io/v1", kFewer},
    {"path /version", "another program"},
};

absl::string_view View(const json::string& text) {
  return absl::string_view(text.data(), text.size());
}

absl::StatusOr<json::value> ReadJson(const std::string& runfile) {
  ABSL_ASSIGN_OR_RETURN(const std::string path, Runfile(runfile));
  ABSL_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat(runfile, ": ", error.message()));
  }
  return value;
}

// One server, by everyone who asks it.
class Server {
 public:
  explicit Server(const ClusterProvider& cluster) : cluster_(cluster) {}

  absl::StatusOr<http::Response> Send(absl::string_view who,
                                      const http::Request& request) {
    ABSL_ASSIGN_OR_RETURN(http::Transport * transport, TransportOf(who));
    http::Request sent = request;
    if (absl::ConsumePrefix(&who, "token:")) {
      sent.headers.Set("authorization", absl::StrCat("Bearer ", who));
    }
    if (!absl::StrContains(request.target, "watch=")) {
      return transport->Send(sent, kTimeout);
    }
    // Of a watch, the first event.
    ABSL_ASSIGN_OR_RETURN(const http::StreamResponse response,
                          transport->Open(sent, kTimeout));
    http::Response answer{response.status, response.headers, response.body};
    if (response.stream == nullptr) return answer;
    while (!absl::StrContains(answer.body, "\n")) {
      ABSL_ASSIGN_OR_RETURN(const std::string more,
                            response.stream->Read(kTimeout));
      if (more.empty()) break;
      answer.body += more;
    }
    answer.body.resize(
        std::min(answer.body.size(), answer.body.find('\n') + 1));
    return answer;
  }

 private:
  absl::StatusOr<http::Transport*> TransportOf(absl::string_view who) {
    static sys::PosixFileSystem* const files = new sys::PosixFileSystem;
    absl::Clock& clock = absl::Clock::GetRealClock();
    std::unique_ptr<http::Transport>& transport = transports_[std::string(who)];
    if (transport != nullptr) return transport.get();
    std::string kubeconfig = cluster_.AdminKubeconfig();
    if (who == "approver") kubeconfig = cluster_.ApproverKubeconfig();
    if (who == "signer") kubeconfig = cluster_.SignerKubeconfig();
    ABSL_ASSIGN_OR_RETURN(const k8s::ClientConfig config,
                          k8s::LoadKubeconfig(*files, kubeconfig));
    ABSL_ASSIGN_OR_RETURN(http::TransportOptions options,
                          k8s::MakeTransportOptions(config, *files, clock));
    if (who == "anonymous" || absl::StartsWith(who, "token:")) {
      options.identity = nullptr;
    }
    ABSL_ASSIGN_OR_RETURN(transport,
                          http::NewBeastTransport(std::move(options)));
    return transport.get();
  }

  const ClusterProvider& cluster_;
  std::map<std::string, std::unique_ptr<http::Transport>> transports_;
};

std::string Filled(const json::value& body, const json::object& material) {
  std::string text = body.is_string() ? std::string(View(body.get_string()))
                                      : json::serialize(body);
  for (const auto& [name, value] : material) {
    std::string with(View(value.get_string()));
    if (!body.is_string()) {
      // Within the quotes of a JSON string.
      const std::string quoted = json::serialize(json::string(with));
      with = quoted.substr(1, quoted.size() - 2);
    }
    absl::StrReplaceAll(
        {{absl::StrCat("${", absl::string_view(name.data(), name.size()), "}"),
          with}},
        &text);
  }
  return text;
}

// What may differ from one server, or one second, to the next.
std::string Blurred(absl::string_view text) {
  struct Blur {
    const char* pattern;
    const char* with;
  };
  static constexpr Blur kBlurs[] = {
      {R"(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)", "TIME"},
      {"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UID"},
      {"X509SHA256=[0-9a-f]{64}", "CREDENTIAL"},
      {R"((gen-|a/b)[bcdfghjklmnpqrstvwxz2456789]{5})", R"(\1SUFFIX)"},
      {R"(current: \d+)", "current: REVISION"},
      {R"((resourceVersion"?: ?")\d+")", R"(\1REVISION")"},
      {R"((?:\d{1,3}\.){3}\d{1,3}:\d+)", "ADDRESS"},
      {R"(^"\d+m?\d*s"$)", "AGE"},
  };
  static const auto* const patterns = [] {
    auto* compiled = new std::vector<std::unique_ptr<RE2>>;
    for (const Blur& blur : kBlurs) {
      compiled->push_back(std::make_unique<RE2>(blur.pattern));
    }
    return compiled;
  }();
  std::string result(text);
  for (size_t i = 0; i < patterns->size(); ++i) {
    RE2::GlobalReplace(&result, *(*patterns)[i], kBlurs[i].with);
  }
  return result;
}

// An answer as lines that can be compared: `path = value`.
void Flatten(const json::value& value, const std::string& path,
             std::map<std::string, std::string>& lines) {
  if (const json::object* object = value.if_object()) {
    if (object->empty()) lines[path] = "{}";
    for (const auto& [key, child] : *object) {
      Flatten(
          child,
          absl::StrCat(path, "/", absl::string_view(key.data(), key.size())),
          lines);
    }
    return;
  }
  if (const json::array* array = value.if_array()) {
    if (array->empty()) lines[path] = "[]";
    for (size_t i = 0; i < array->size(); ++i) {
      Flatten((*array)[i], absl::StrCat(path, "/", i), lines);
    }
    return;
  }
  if (absl::EndsWith(path, "/resourceVersion") && value.is_string()) {
    lines[path] = "REVISION";
    return;
  }
  lines[path] = Blurred(json::serialize(value));
}

std::map<std::string, std::string> Lines(const http::Response& response) {
  std::map<std::string, std::string> lines;
  lines["status"] = absl::StrCat(response.status);
  for (const char* header : {"content-type", "warning", "allow"}) {
    lines[header] = std::string(response.headers.Get(header));
  }
  boost::system::error_code error;
  const json::value body = json::parse(response.body, error);
  if (error) {
    lines["body"] = Blurred(response.body);
  } else {
    Flatten(body, "body", lines);
  }
  return lines;
}

// What differs, in lines; "" if nothing does.
std::string Difference(const std::map<std::string, std::string>& real,
                       const std::map<std::string, std::string>& ours) {
  std::string text;
  std::set<std::string> paths;
  for (const auto& [path, value] : real) paths.insert(path);
  for (const auto& [path, value] : ours) paths.insert(path);
  const auto at = [](const std::map<std::string, std::string>& lines,
                     const std::string& path) {
    const auto it = lines.find(path);
    return it == lines.end() ? std::string("(absent)") : it->second;
  };
  for (const std::string& path : paths) {
    if (at(real, path) == at(ours, path)) continue;
    absl::StrAppend(&text, "  ", path, "\n    real ", at(real, path),
                    "\n    ours ", at(ours, path), "\n");
  }
  return text;
}

class ApiParityTest : public E2eTest {
 protected:
  ApiParityTest() : E2eTest({.real_kubernetes = true}) {}
};

// SPEC D-1 to D-20, G-5: what differs is listed above, and nothing else.
TEST_F(ApiParityTest, D1ToD20G5AnswersAsKubeApiserverDoes) {
  const std::string folder = testbed().directory() + "/embedded";
  ASSERT_THAT(MakeDirectory(folder), IsOk());
  EmbeddedProvider embedded;
  ASSERT_THAT(embedded.Start(folder), IsOk());
  Server real(cluster());
  Server ours(embedded);

  const absl::StatusOr<json::value> requests =
      ReadJson("e2e/testdata/api_parity/requests.json");
  ASSERT_THAT(requests.status(), IsOk());
  const absl::StatusOr<json::value> material =
      ReadJson("e2e/testdata/api_parity/material.json");
  ASSERT_THAT(material.status(), IsOk());

  std::map<absl::string_view, absl::string_view> known;
  for (const KnownDifference& difference : kKnown) {
    known[difference.request] = difference.why;
  }
  std::set<std::string> different;
  for (const json::value& entry : requests->as_array()) {
    const json::object& wanted = entry.as_object();
    const auto text = [&wanted](absl::string_view name,
                                absl::string_view otherwise) {
      const json::value* value =
          wanted.if_contains(json::string_view(name.data(), name.size()));
      return value == nullptr ? std::string(otherwise)
                              : std::string(View(value->as_string()));
    };
    const std::string name = text("name", "");
    SCOPED_TRACE(name);
    http::Request request;
    const std::string line = text("do", "");
    request.method = line.substr(0, line.find(' '));
    request.target = line.substr(line.find(' ') + 1);
    request.headers.Set("accept", text("accept", "application/json"));
    if (const json::value* body = wanted.if_contains("body")) {
      request.body = Filled(*body, material->as_object());
      const std::string type = text("type", "application/json");
      if (!type.empty()) request.headers.Set("content-type", type);
    }
    const std::string who = text("as", "admin");
    const absl::StatusOr<http::Response> expected = real.Send(who, request);
    ASSERT_THAT(expected.status(), IsOk());
    const absl::StatusOr<http::Response> answer = ours.Send(who, request);
    ASSERT_THAT(answer.status(), IsOk());
    const std::string difference = Difference(Lines(*expected), Lines(*answer));
    if (difference.empty()) continue;
    different.insert(name);
    if (!known.contains(name)) {
      ADD_FAILURE() << line << " as " << who << "\n" << difference;
    }
  }

  const size_t count = requests->as_array().size();
  std::cout << count << " requests to kube-apiserver and to the embedded "
            << "server: " << count - different.size()
            << " answered alike, known differences: " << different.size()
            << "\n";
  for (const KnownDifference& difference : kKnown) {
    std::cout << "  " << difference.request << ": " << difference.why << "\n";
    EXPECT_TRUE(different.contains(std::string(difference.request)))
        << difference.request << " does not differ any more";
  }
  EXPECT_GE(count, 200);
}

}  // namespace
}  // namespace signet::e2e
