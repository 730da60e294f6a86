#include "node_agent/status_command.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "boost/json/array.hpp"
#include "boost/json/object.hpp"
#include "boost/json/parse.hpp"
#include "boost/json/value.hpp"
#include "core/base/file_system.h"
#include "core/base/human_duration.h"
#include "core/http/message.h"
#include "core/http/transport.h"
#include "core/k8s/kubeconfig.h"
#include "node_agent/kubeconfig_clients.h"

namespace signet::node_agent {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(10);
constexpr size_t kMaxAnswer = 4 << 20;

std::string ServerUrl(absl::string_view address) {
  if (absl::StrContains(address, "://")) return std::string(address);
  return absl::StrCat("http://", address);
}

// A field's text; "" for null and what isn't there. What comes from elsewhere
// must not move the cursor.
std::string Text(const boost::json::object& object, absl::string_view key) {
  const boost::json::value* const value =
      object.if_contains({key.data(), key.size()});
  if (value == nullptr || !value->is_string()) return "";
  const boost::json::string& text = value->get_string();
  return absl::CHexEscape(absl::string_view(text.data(), text.size()));
}

int64_t Number(const boost::json::object& object, absl::string_view key) {
  const boost::json::value* const value =
      object.if_contains({key.data(), key.size()});
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

// "2026-11-24T10:00:21Z (in 42m)", "-" without a time.
std::string When(const std::string& text, absl::Time now) {
  absl::Time time;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, nullptr)) return "-";
  return time >= now
             ? absl::StrCat(text, " (in ", HumanDuration(time - now), ")")
             : absl::StrCat(text, " (", HumanDuration(now - time), " ago)");
}

void RenderCertificate(const boost::json::object& certificate, absl::Time now,
                       std::string& out) {
  const auto line = [&out](absl::string_view name, absl::string_view value) {
    if (!value.empty()) absl::StrAppendFormat(&out, "  %-16s%s\n", name, value);
  };
  absl::StrAppend(&out, "\n", Text(certificate, "name"), "\n");
  line("signer", Text(certificate, "signer"));
  line("phase", Text(certificate, "phase"));
  line("subject", Text(certificate, "subject"));
  line("serial", Text(certificate, "serial"));
  line("expires", When(Text(certificate, "not_after"), now));
  line("next rotation", When(Text(certificate, "rotation_deadline"), now));
  line("request", Text(certificate, "request"));
  const std::string next_attempt = Text(certificate, "next_attempt");
  if (!next_attempt.empty()) line("next attempt", When(next_attempt, now));
  line("rotations",
       absl::StrCat(Number(certificate, "rotations"), " since the start, ",
                    Number(certificate, "renew_errors"), " failed attempts"));
  line("last error", Text(certificate, "last_error"));
  const boost::json::value* const delivery =
      certificate.if_contains("delivery");
  if (delivery == nullptr || !delivery->is_object()) return;
  const boost::json::object& state = delivery->get_object();
  const std::string error = Text(state, "last_error");
  line("delivery", error.empty()
                       ? "done"
                       : absl::StrCat("failed, next attempt ",
                                      When(Text(state, "next_attempt"), now)));
  line("delivery error", error);
}

}  // namespace

void AddStatusFlags(CLI::App& app, StatusFlags& flags) {
  app.add_option("--address,--health-address", flags.address,
                 "The agent's --health-address, or its URL: "
                 "https://127.0.0.1:8083 if it serves TLS")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  app.add_option("--certificate-authority", flags.certificate_authority,
                 "Who issued the agent's serving certificate")
      ->type_name("FILE");
  app.add_flag("--insecure-skip-tls-verify", flags.insecure_skip_tls_verify,
               "Take any serving certificate");
  app.add_option("-o,--output", flags.output, "What to print")
      ->type_name("table|json")
      ->capture_default_str()
      ->check(CLI::IsMember({"table", "json"}).description(""));
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.get_formatter()->column_width(40);
}

absl::StatusOr<std::string> RenderStatus(absl::string_view json,
                                         absl::Time now) {
  boost::system::error_code error;
  const boost::json::value value =
      boost::json::parse({json.data(), json.size()}, error);
  const boost::json::object* const report = value.if_object();
  const boost::json::value* const certificates =
      report == nullptr ? nullptr : report->if_contains("certificates");
  if (error || certificates == nullptr || !certificates->is_array()) {
    return absl::InvalidArgumentError("the answer is not an agent's status");
  }
  std::string out = absl::StrCat("node ", Text(*report, "node"), "\n");
  if (const boost::json::value* const probe = report->if_contains("probe");
      probe != nullptr && probe->is_object()) {
    const boost::json::object& state = probe->get_object();
    const std::string result = Text(state, "result");
    absl::StrAppend(&out,
                    "API server: ", result.empty() ? "not asked yet" : result);
    const std::string at = Text(state, "at");
    if (!at.empty()) absl::StrAppend(&out, ", asked ", When(at, now));
    absl::StrAppend(&out, "\n");
  }
  for (const boost::json::value& certificate : certificates->get_array()) {
    if (certificate.is_object()) {
      RenderCertificate(certificate.get_object(), now, out);
    }
  }
  return out;
}

absl::StatusOr<std::string> GetStatus(const StatusFlags& flags,
                                      FileSystem& files, absl::Clock& clock,
                                      const TransportFactory& new_transport) {
  k8s::ClientConfig config;
  config.server = ServerUrl(flags.address);
  config.certificate_authority_file = flags.certificate_authority;
  config.insecure_skip_tls_verify = flags.insecure_skip_tls_verify;
  ABSL_ASSIGN_OR_RETURN(http::TransportOptions options,
                        k8s::MakeTransportOptions(config, files, clock));
  options.max_response_bytes = kMaxAnswer;
  ABSL_ASSIGN_OR_RETURN(const std::unique_ptr<http::Transport> transport,
                        new_transport(std::move(options)));
  http::Request request;
  request.target = "/status";
  const absl::StatusOr<http::Response> response =
      transport->Send(request, kTimeout);
  if (!response.ok()) {
    return absl::Status(response.status().code(),
                        absl::StrCat("no agent answers at ", config.server,
                                     ": ", response.status().message()));
  }
  if (response->status != 200) {
    return absl::InvalidArgumentError(
        absl::StrCat(config.server, "/status answers ", response->status,
                     ", as no agent does"));
  }
  const absl::StatusOr<std::string> table =
      RenderStatus(response->body, clock.TimeNow());
  if (!table.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(config.server, "/status: ", table.status().message()));
  }
  return flags.output == "json" ? response->body : *table;
}

}  // namespace signet::node_agent
