#include "cli/csr_commands.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "cli/approval_guard.h"
#include "cli/csr_table.h"
#include "cli/describe.h"
#include "cli/error_text.h"
#include "cli/json_path.h"
#include "cli/terminal_text.h"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/api/core.pb.h"
#include "core/api/csr_status_text.h"
#include "core/api/resource.h"
#include "core/api/yaml_writer.h"
#include "core/k8s/http_status.h"
#include "core/k8s/resource_api.h"

namespace signet::cli {
namespace {

using Csr = api::CertificateSigningRequest;
using Condition = api::CertificateSigningRequestCondition;

constexpr int kMaxConflicts = 10;  // SPEC E-2.
constexpr uint32_t kCertificateMode = 0644;
constexpr absl::string_view kResourceName =
    "certificatesigningrequest.certificates.k8s.io/";

api::TypeMeta CsrType() {
  constexpr const api::ResourceInfo& info = api::Resource<Csr>::kInfo;
  return {info.ApiVersion(), std::string(info.kind)};
}

bool HasCondition(const Csr& csr, absl::string_view type) {
  const auto& conditions = csr.status().conditions();
  return std::any_of(
      conditions.begin(), conditions.end(),
      [type](const Condition& condition) { return condition.type() == type; });
}

// One name is a selector, too.
std::string FieldSelector(const GetFlags& flags) {
  if (flags.names.empty()) return flags.field_selector;
  return absl::StrCat("metadata.name=", flags.names[0]);
}

// As kubectl, which does not show who wrote which field.
void HideManagedFields(Csr& csr) {
  csr.mutable_metadata()->clear_managed_fields();
}

// A list in kubectl's form: kind List, whatever is in it.
std::string ListJson(const std::vector<Csr>& csrs) {
  std::vector<const google::protobuf::Message*> items;
  for (const Csr& csr : csrs) items.push_back(&csr);
  std::string text = api::EncodeListJson(items, {"v1", "List"}, CsrType(), {},
                                         {.pretty = true});
  // kubectl shows the list's resource version, which is always empty.
  constexpr absl::string_view kEnd = "\"metadata\": {}\n}";
  if (absl::EndsWith(text, kEnd)) {
    text.resize(text.size() - kEnd.size());
    text += "\"metadata\": {\n        \"resourceVersion\": \"\"\n    }\n}";
  }
  return text;
}

}  // namespace

bool CsrCommands::Fail(const absl::Status& status) {
  env_.err << ErrorText(status) << "\n";
  return false;
}

// ---- get

bool CsrCommands::Get(const GetFlags& flags) {
  const bool is_table = flags.output.empty() || flags.output == "wide";
  if (flags.watch && !is_table && flags.output != "name") {
    return Fail(absl::InvalidArgumentError(
        absl::StrCat("--watch cannot be combined with -o ", flags.output)));
  }
  if (flags.watch && flags.names.size() > 1) {
    return Fail(
        absl::InvalidArgumentError("--watch takes one name, or a selector"));
  }
  std::vector<Csr> csrs;
  std::string revision;
  std::vector<absl::Status> errors;
  if (flags.names.empty() || flags.watch) {
    k8s::ListOptions options;
    options.label_selector = flags.label_selector;
    options.field_selector = FieldSelector(flags);
    absl::StatusOr<k8s::ListResult<Csr>> list = env_.csrs.List(options);
    if (!list.ok()) return Fail(list.status());
    csrs = std::move(list->items);
    revision = std::move(list->resource_version);
  } else {
    for (const std::string& name : flags.names) {
      absl::StatusOr<Csr> csr = env_.csrs.Get("", name);
      if (csr.ok()) {
        csrs.push_back(*std::move(csr));
      } else {
        errors.push_back(csr.status());
      }
    }
  }
  CsrTable table(flags.headers, flags.show_names);
  if (!is_table) {
    const bool one = flags.names.size() == 1;
    // Of one that is not there, nothing is shown.
    if (!one || !csrs.empty()) {
      const absl::Status printed = PrintObjects(csrs, one, flags.output);
      if (!printed.ok()) return Fail(printed);
    }
  } else if (!csrs.empty()) {
    env_.out << table.Format(csrs, env_.clock.TimeNow());
  } else if (errors.empty() && !flags.watch) {
    env_.err << "No resources found\n";
  }
  for (const absl::Status& error : errors) Fail(error);
  if (!errors.empty()) return false;
  if (!flags.watch) return true;
  env_.out.flush();
  return Fail(Watch(flags, std::move(revision), table));
}

absl::Status CsrCommands::PrintObjects(const std::vector<Csr>& csrs, bool one,
                                       absl::string_view output) {
  if (output == "name") {
    for (const Csr& csr : csrs) {
      env_.out << kResourceName << csr.metadata().name() << "\n";
    }
    return absl::OkStatus();
  }
  std::vector<Csr> shown = csrs;
  for (Csr& csr : shown) HideManagedFields(csr);
  const std::string json =
      one ? api::EncodeJson(shown[0], CsrType(), {.pretty = true})
          : ListJson(shown);
  if (absl::ConsumePrefix(&output, "jsonpath=")) {
    ABSL_ASSIGN_OR_RETURN(const std::string text,
                          EvaluateJsonPath(output, json));
    env_.out << text;
    return absl::OkStatus();
  }
  if (output == "json") {
    env_.out << json << "\n";
    return absl::OkStatus();
  }
  ABSL_ASSIGN_OR_RETURN(const std::string yaml, api::JsonToYaml(json));
  env_.out << yaml;
  return absl::OkStatus();
}

// Ends only with an error.
absl::Status CsrCommands::Watch(const GetFlags& flags, std::string revision,
                                CsrTable& table) {
  while (true) {
    k8s::WatchOptions options;
    options.resource_version = revision;
    options.label_selector = flags.label_selector;
    options.field_selector = FieldSelector(flags);
    ABSL_ASSIGN_OR_RETURN(const std::unique_ptr<k8s::Watcher<Csr>> watcher,
                          env_.csrs.Watch(options));
    while (true) {
      absl::StatusOr<k8s::WatchEvent<Csr>> event =
          watcher->Next(absl::InfiniteDuration());
      // The server ends each watch after a while; 410 has a code.
      if (absl::IsOutOfRange(event.status()) &&
          k8s::HttpCode(event.status()) == 0) {
        break;
      }
      ABSL_RETURN_IF_ERROR(event.status());
      revision = event->object.metadata().resource_version();
      if (event->type == k8s::WatchEventType::kBookmark) continue;
      if (flags.output == "name") {
        ABSL_RETURN_IF_ERROR(PrintObjects({event->object}, true, "name"));
      } else {
        env_.out << table.Format({event->object}, env_.clock.TimeNow());
      }
      env_.out.flush();
    }
  }
}

// ---- describe

bool CsrCommands::Describe(const DescribeFlags& flags) {
  std::vector<Csr> csrs;
  std::vector<absl::Status> errors;
  if (flags.names.empty()) {
    k8s::ListOptions options;
    options.label_selector = flags.label_selector;
    absl::StatusOr<k8s::ListResult<Csr>> list = env_.csrs.List(options);
    if (!list.ok()) return Fail(list.status());
    csrs = std::move(list->items);
    if (csrs.empty()) env_.err << "No resources found\n";
  }
  for (const std::string& name : flags.names) {
    absl::StatusOr<Csr> csr = env_.csrs.Get("", name);
    if (csr.ok()) {
      csrs.push_back(*std::move(csr));
    } else if (absl::IsNotFound(csr.status()) && flags.names.size() == 1) {
      return DescribeByPrefix(name, csr.status());
    } else {
      errors.push_back(csr.status());
    }
  }
  // Events are shown for one request, not for many.
  const bool show_events = csrs.size() == 1 && errors.empty();
  bool first = true;
  for (const Csr& csr : csrs) {
    const absl::StatusOr<std::string> text = DescribeOne(csr, show_events);
    if (!text.ok()) {
      errors.push_back(text.status());
      continue;
    }
    env_.out << (first ? "" : "\n\n") << *text;
    first = false;
  }
  for (const absl::Status& error : errors) Fail(error);
  return errors.empty();
}

// Requests whose names begin so; if there are none, the name was not found.
bool CsrCommands::DescribeByPrefix(absl::string_view prefix,
                                   const absl::Status& not_found) {
  const absl::StatusOr<k8s::ListResult<Csr>> list = env_.csrs.List({});
  if (!list.ok()) return Fail(list.status());
  bool found = false;
  for (const Csr& csr : list->items) {
    if (!absl::StartsWith(csr.metadata().name(), prefix)) continue;
    found = true;
    const absl::StatusOr<std::string> text =
        DescribeOne(csr, /*show_events=*/false);
    if (!text.ok()) return Fail(text.status());
    env_.out << *text << "\n";
  }
  return found || Fail(not_found);
}

absl::StatusOr<std::string> CsrCommands::DescribeOne(const Csr& csr,
                                                     bool show_events) {
  std::optional<std::vector<api::Event>> events;
  if (show_events) {
    k8s::ListOptions options;
    options.field_selector = absl::StrCat(
        "involvedObject.name=", csr.metadata().name(),
        ",involvedObject.namespace=,involvedObject.kind=", CsrType().kind,
        ",involvedObject.uid=", csr.metadata().uid());
    absl::StatusOr<k8s::ListResult<api::Event>> list =
        env_.events.List(options);
    // As kubectl: who may not read events is shown none.
    events.emplace();
    if (list.ok()) events = std::move(list->items);
  }
  return DescribeCsr(csr, events, env_.clock.TimeNow(), env_.zone);
}

// ---- approve, deny

bool CsrCommands::Decide(Decision decision, const DecideFlags& flags) {
  const bool many = flags.all_pending || !flags.label_selector.empty() ||
                    !flags.field_selector.empty();
  if (many != flags.names.empty()) {
    return Fail(absl::InvalidArgumentError(
        "give names, or a selector, or --all-pending"));
  }
  if (many) return DecideMany(decision, flags);
  bool good = true;
  for (const std::string& name : flags.names) {
    const absl::Status status = DecideOne(decision, flags, name);
    if (!status.ok()) {
      good = Fail(status);
      continue;
    }
    env_.out << kResourceName << name
             << (decision == Decision::kApprove ? " approved" : " denied")
             << "\n";
  }
  return good;
}

bool CsrCommands::DecideMany(Decision decision, const DecideFlags& flags) {
  k8s::ListOptions options;
  options.label_selector = flags.label_selector;
  options.field_selector = flags.field_selector;
  const absl::StatusOr<k8s::ListResult<Csr>> list = env_.csrs.List(options);
  if (!list.ok()) return Fail(list.status());
  DecideFlags one = flags;
  one.names.clear();
  one.label_selector.clear();
  one.field_selector.clear();
  one.all_pending = false;
  bool good = true;
  for (const Csr& csr : list->items) {
    if (HasCondition(csr, "Approved") || HasCondition(csr, "Denied")) continue;
    one.names.push_back(csr.metadata().name());
    if (flags.yes) continue;
    env_.out << EscapeForTerminal(PreviewOf(csr)) << "\n";
    if (decision == Decision::kApprove) {
      const absl::Status allowed = CheckApproval(csr, flags);
      if (!allowed.ok()) good = Fail(allowed);
    }
  }
  if (one.names.empty()) {
    env_.err << "No resources found\n";
    return true;
  }
  if (flags.yes) return Decide(decision, one);
  env_.err << one.names.size()
           << (decision == Decision::kApprove ? " to approve" : " to deny")
           << "; nothing is done without --yes\n";
  return good;
}

absl::Status CsrCommands::CheckApproval(const Csr& csr,
                                        const DecideFlags& flags) const {
  if (flags.allow_privileged) return absl::OkStatus();
  const std::vector<std::string> dangers =
      DangersOf(csr, env_.api_server_hosts);
  if (dangers.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "certificate signing request \"", csr.metadata().name(),
      "\" is not approved: ", absl::StrJoin(dangers, "; "), ". It reads: ",
      PreviewOf(csr), ". --allow-privileged approves it all the same"));
}

absl::Status CsrCommands::DecideOne(Decision decision, const DecideFlags& flags,
                                    absl::string_view name) {
  const bool approve = decision == Decision::kApprove;
  const std::string wanted = approve ? "Approved" : "Denied";
  const std::string opposite = approve ? "Denied" : "Approved";
  for (int conflicts = 0;; ++conflicts) {
    ABSL_ASSIGN_OR_RETURN(Csr csr, env_.csrs.Get("", name));
    if (HasCondition(csr, opposite)) {
      return absl::FailedPreconditionError(absl::StrCat(
          "certificate signing request \"", name, "\" is already ", opposite));
    }
    if (HasCondition(csr, wanted)) {
      if (!flags.force) return absl::OkStatus();
    } else {
      if (approve) ABSL_RETURN_IF_ERROR(CheckApproval(csr, flags));
      Condition& condition = *csr.mutable_status()->add_conditions();
      condition.set_type(wanted);
      condition.set_status("True");
      condition.set_reason(!flags.reason.empty() ? flags.reason
                           : approve             ? "SignetApprove"
                                                 : "SignetDeny");
      condition.set_message(!flags.message.empty() ? flags.message
                            : approve
                                ? "This CSR was approved by signet csr approve."
                                : "This CSR was denied by signet csr deny.");
      *condition.mutable_last_update_time() =
          api::FromAbslTime(env_.clock.TimeNow());
    }
    const absl::Status status =
        env_.csrs.UpdateSubresource("approval", csr).status();
    if (!absl::IsAborted(status) || conflicts == kMaxConflicts) return status;
  }
}

// ---- download

bool CsrCommands::Download(const DownloadFlags& flags) {
  const absl::StatusOr<Csr> csr = env_.csrs.Get("", flags.name);
  if (!csr.ok()) return Fail(csr.status());
  const std::string& certificate = csr->status().certificate();
  if (certificate.empty()) {
    return Fail(absl::FailedPreconditionError(absl::StrCat(
        "certificate signing request \"", flags.name,
        "\" has no certificate yet: it is ", api::CsrStatusText(*csr))));
  }
  if (flags.file.empty()) {
    env_.out << certificate;
    return true;
  }
  const absl::Status written =
      flags.force
          ? env_.files.Write(flags.file, certificate, kCertificateMode)
          : env_.files.Create(flags.file, certificate, kCertificateMode);
  if (absl::IsAlreadyExists(written)) {
    return Fail(absl::AlreadyExistsError(
        absl::StrCat(flags.file, " exists already; --force overwrites it")));
  }
  if (!written.ok()) return Fail(written);
  return true;
}

}  // namespace signet::cli
