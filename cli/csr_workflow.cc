#include "cli/csr_workflow.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cli/contents.h"
#include "cli/context.h"
#include "cli/issue.h"
#include "cli/tabwriter.h"
#include "cli/terminal_text.h"
#include "core/api/certificates.pb.h"
#include "core/api/csr_status_text.h"
#include "core/base/go_duration.h"
#include "core/k8s/http_status.h"
#include "core/k8s/resource_api.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_request.h"
#include "core/pki/key_usage.h"
#include "core/pki/pem.h"

namespace signet::cli {
namespace {

using Csr = api::CertificateSigningRequest;

constexpr int kMaxConflicts = 10;
constexpr absl::Duration kMinExpiration = absl::Minutes(10);  // SPEC D-8.
// Between two looks when watching is not allowed or breaks.
constexpr absl::Duration kPoll = absl::Seconds(1);

bool Has(const Csr& csr, absl::string_view type) {
  const auto& conditions = csr.status().conditions();
  return std::any_of(conditions.begin(), conditions.end(),
                     [type](const auto& c) { return c.type() == type; });
}

std::string ReasonOf(const Csr& csr, absl::string_view type) {
  for (const auto& condition : csr.status().conditions()) {
    if (condition.type() != type) continue;
    return absl::StrCat(condition.reason(),
                        condition.message().empty() ? "" : ": ",
                        condition.message());
  }
  return "";
}

absl::StatusOr<pki::CertificateRequest> RequestOf(const Csr& csr) {
  absl::StatusOr<pki::CertificateRequest> request =
      pki::CertificateRequest::ParsePem(csr.spec().request());
  if (request.ok()) return request;
  return absl::InvalidArgumentError(
      absl::StrCat("certificate signing request \"", csr.metadata().name(),
                   "\": ", request.status().message()));
}

// OK, not yet (kUnavailable), or never.
absl::Status IsSo(const Csr& csr, const WaitFlags& flags) {
  const std::string state = api::CsrStatusText(csr);
  if (flags.wanted == "denied" && Has(csr, "Denied")) return absl::OkStatus();
  if (flags.wanted == "decided" &&
      (Has(csr, "Denied") || Has(csr, "Approved"))) {
    return absl::OkStatus();
  }
  if (flags.wanted == "approved" && Has(csr, "Approved")) {
    return absl::OkStatus();
  }
  if (flags.wanted == "issued" && !csr.status().certificate().empty()) {
    return absl::OkStatus();
  }
  const absl::string_view end = Has(csr, "Denied")   ? "Denied"
                                : Has(csr, "Failed") ? "Failed"
                                                     : "";
  if (!end.empty() || (flags.wanted == "denied" && Has(csr, "Approved"))) {
    return absl::FailedPreconditionError(absl::StrCat(
        "certificate signing request \"", flags.name, "\" is ", state,
        end.empty() ? "" : absl::StrCat(" (", ReasonOf(csr, end), ")")));
  }
  return absl::UnavailableError(state);
}

absl::Status PutCertificate(CsrApi& csrs, const std::string& name,
                            const std::string& certificate) {
  for (int conflicts = 0;; ++conflicts) {
    ABSL_ASSIGN_OR_RETURN(Csr csr, csrs.Get("", name));
    csr.mutable_status()->set_certificate(certificate);
    const absl::Status status = csrs.UpdateSubresource("status", csr).status();
    if (!absl::IsAborted(status) || conflicts == kMaxConflicts) return status;
  }
}

// A request to which a certificate may be added.
absl::Status CheckReady(const Csr& csr) {
  const std::string name = absl::StrCat("certificate signing request \"",
                                        csr.metadata().name(), "\" ");
  if (Has(csr, "Denied") || !Has(csr, "Approved")) {
    return absl::FailedPreconditionError(absl::StrCat(
        name, "is ", api::CsrStatusText(csr),
        Has(csr, "Denied") ? "" : "; approve it first (signet csr approve)"));
  }
  if (!csr.status().certificate().empty()) {
    return absl::AlreadyExistsError(
        absl::StrCat(name, "has a certificate already"));
  }
  return absl::OkStatus();
}

absl::Duration RequestedLifetime(const Csr& csr) {
  return absl::Seconds(csr.spec().expiration_seconds());
}

std::vector<std::string> Sorted(std::vector<std::string> list) {
  std::sort(list.begin(), list.end());
  return list;
}

std::string SortedNames(const pki::SubjectAltNames& sans) {
  pki::SubjectAltNames sorted;
  sorted.dns_names = Sorted(sans.dns_names);
  sorted.email_addresses = Sorted(sans.email_addresses);
  sorted.uris = Sorted(sans.uris);
  sorted.ip_addresses = sans.ip_addresses;
  std::sort(sorted.ip_addresses.begin(), sorted.ip_addresses.end());
  return NamesText(sorted);
}

struct Comparison {
  std::string what, asked, got;
  bool same = false;
};

std::vector<Comparison> Compare(const Csr& csr,
                                const pki::CertificateRequest& request,
                                const pki::Certificate& certificate) {
  std::vector<Comparison> rows;
  const auto add = [&rows](absl::string_view what, std::string asked,
                           std::string got) {
    const bool same = asked == got;
    rows.push_back({std::string(what), std::move(asked), std::move(got), same});
  };
  add("subject", request.subject().ToString(),
      certificate.subject().ToString());
  add("key", KeyText(request.public_key()), KeyText(certificate.public_key()));
  if (!(request.public_key() == certificate.public_key())) {
    rows.back().same = false;
    rows.back().got += " (ANOTHER KEY)";
  }
  add("names", SortedNames(request.subject_alt_names()),
      SortedNames(certificate.subject_alt_names()));
  const absl::StatusOr<pki::Usages> asked =
      pki::UsagesFromStrings(std::vector<std::string>(
          csr.spec().usages().begin(), csr.spec().usages().end()));
  add("usages",
      absl::StrJoin(asked.ok() ? UsageWords(*asked)
                               : std::vector<std::string>{"<unknown>"},
                    ", "),
      absl::StrJoin(UsageWords(certificate.usages()), ", "));
  const absl::Duration lifetime = certificate.validity().lifetime();
  const bool asked_for = csr.spec().has_expiration_seconds();
  add("lifetime",
      asked_for ? FormatGoDuration(RequestedLifetime(csr)) : "<not asked for>",
      FormatGoDuration(lifetime));
  // A signer may shorten it, and add a backdate.
  rows.back().same =
      !asked_for || lifetime <= RequestedLifetime(csr) + absl::Minutes(10);
  add("CA", "no", certificate.is_ca() ? "YES" : "no");
  return rows;
}

}  // namespace

absl::StatusOr<Csr> MakeCsr(const ApplyFlags& flags,
                            const std::string& request_pem) {
  Csr csr;
  csr.mutable_metadata()->set_name(flags.name);
  csr.mutable_spec()->set_request(request_pem);
  csr.mutable_spec()->set_signer_name(flags.signer_name);
  for (const std::string& usage : flags.usages) {
    if (!pki::IsKnownUsage(usage)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--usage: \"", usage, "\" is none; there are ",
                       absl::StrJoin(pki::KnownUsages(), ", ")));
    }
    csr.mutable_spec()->add_usages(usage);
  }
  if (!flags.expiration.empty()) {
    ABSL_ASSIGN_OR_RETURN(const absl::Duration expiration,
                          ParseLifetime(flags.expiration), _ << "--expiration");
    const int64_t seconds = absl::ToInt64Seconds(expiration);
    if (expiration < kMinExpiration ||
        seconds > std::numeric_limits<int32_t>::max()) {
      return absl::InvalidArgumentError(
          "--expiration is at least 10m and at most 68 years");
    }
    csr.mutable_spec()->set_expiration_seconds(static_cast<int32_t>(seconds));
  }
  return csr;
}

absl::Status CsrApply(const Context& context, CsrApi& csrs,
                      const ApplyFlags& flags) {
  ABSL_ASSIGN_OR_RETURN(const pki::CertificateRequest request,
                        ReadRequestFile(context, flags.request));
  ABSL_RETURN_IF_ERROR(request.VerifySignature())
      << flags.request << ": not signed by its own key";
  ABSL_ASSIGN_OR_RETURN(
      const Csr csr,
      MakeCsr(flags, pki::EncodePem("CERTIFICATE REQUEST", request.der())));
  const absl::StatusOr<Csr> created = csrs.Create(csr);
  if (created.ok()) {
    context.out << kCsrResource << created->metadata().name() << " created\n";
    return absl::OkStatus();
  }
  if (!absl::IsAlreadyExists(created.status())) return created.status();
  ABSL_ASSIGN_OR_RETURN(const Csr there, csrs.Get("", flags.name));
  const absl::StatusOr<pki::CertificateRequest> other = RequestOf(there);
  const std::vector<std::string> usages(there.spec().usages().begin(),
                                        there.spec().usages().end());
  if (other.ok() && other->der() == request.der() &&
      there.spec().signer_name() == flags.signer_name &&
      Sorted(usages) == Sorted(flags.usages) &&
      there.spec().expiration_seconds() == csr.spec().expiration_seconds()) {
    context.out << kCsrResource << flags.name << " unchanged\n";
    return absl::OkStatus();
  }
  return absl::AlreadyExistsError(absl::StrCat(
      "certificate signing request \"", flags.name,
      "\" is there already and asks for something else; requests cannot be "
      "changed: choose another name, or delete it"));
}

absl::StatusOr<Csr> WaitFor(
    const Context& context, CsrApi& csrs, const WaitFlags& flags,
    const std::function<void(absl::string_view)>& progress) {
  ABSL_ASSIGN_OR_RETURN(const absl::Duration timeout,
                        ParseLifetime(flags.timeout), _ << "--timeout");
  const absl::Time deadline = context.clock.TimeNow() + timeout;
  std::string state;
  while (true) {
    absl::StatusOr<Csr> csr = csrs.Get("", flags.name);
    if (csr.ok()) {
      const absl::Status so = IsSo(*csr, flags);
      if (so.ok()) return csr;
      if (!absl::IsUnavailable(so)) return so;
      if (progress != nullptr && so.message() != state) progress(so.message());
      state = std::string(so.message());
    } else if (!absl::IsUnavailable(csr.status())) {
      return csr.status();
    }
    const absl::Duration left = deadline - context.clock.TimeNow();
    if (left <= absl::ZeroDuration()) {
      return absl::DeadlineExceededError(absl::StrCat(
          "timed out waiting for the condition on certificatesigningrequests/",
          flags.name, state.empty() ? "" : absl::StrCat(", which is ", state)));
    }
    // Sleep by watching: an event comes at once, the end of the wait by itself.
    k8s::WatchOptions options;
    options.field_selector = absl::StrCat("metadata.name=", flags.name);
    options.allow_bookmarks = false;
    if (csr.ok()) options.resource_version = csr->metadata().resource_version();
    absl::StatusOr<std::unique_ptr<k8s::Watcher<Csr>>> watcher =
        csrs.Watch(options);
    if (!watcher.ok()) {
      context.clock.Sleep(std::min(left, kPoll));
      continue;
    }
    const absl::Status event =
        (*watcher)->Next(std::min(left, absl::Seconds(10))).status();
    if (!event.ok() && !absl::IsDeadlineExceeded(event)) {
      context.clock.Sleep(std::min(left, kPoll));
    }
  }
}

absl::Status CsrWait(const Context& context, CsrApi& csrs,
                     const WaitFlags& flags) {
  ABSL_RETURN_IF_ERROR(WaitFor(context, csrs, flags, nullptr).status());
  context.out << kCsrResource << flags.name << " condition met\n";
  return absl::OkStatus();
}

absl::Status CsrSign(const Context& context, CsrApi& csrs,
                     const SignFlags& flags) {
  IssueOptions options;
  ABSL_ASSIGN_OR_RETURN(options.lifetime, ParseLifetime(flags.lifetime),
                        _ << "--lifetime");
  ABSL_ASSIGN_OR_RETURN(const Authority authority,
                        ReadAuthority(context, flags.ca, flags.ca_key));
  ABSL_ASSIGN_OR_RETURN(const Csr csr, csrs.Get("", flags.name));
  ABSL_RETURN_IF_ERROR(CheckReady(csr));
  ABSL_ASSIGN_OR_RETURN(const pki::CertificateRequest request, RequestOf(csr));
  if (csr.spec().has_expiration_seconds()) {
    options.lifetime = std::min(options.lifetime, RequestedLifetime(csr));
  }
  ABSL_ASSIGN_OR_RETURN(
      options.usages,
      pki::UsagesFromStrings(std::vector<std::string>(
          csr.spec().usages().begin(), csr.spec().usages().end())));
  if ((options.usages.key_usage & (pki::kCertSign | pki::kCrlSign)) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("certificate signing request \"", flags.name,
                     "\" asks for a CA's usages"));
  }
  ABSL_ASSIGN_OR_RETURN(const std::string pem,
                        IssueCertificate(context, authority, request, options));
  ABSL_RETURN_IF_ERROR(PutCertificate(csrs, flags.name, pem));
  context.out << kCsrResource << flags.name << " signed\n";
  return absl::OkStatus();
}

absl::Status CsrUpload(const Context& context, CsrApi& csrs,
                       const UploadFlags& flags) {
  ABSL_ASSIGN_OR_RETURN(const std::vector<pki::Certificate> chain,
                        ReadCertificateFile(context, flags.certificate));
  ABSL_ASSIGN_OR_RETURN(const Csr csr, csrs.Get("", flags.name));
  ABSL_RETURN_IF_ERROR(CheckReady(csr));
  ABSL_ASSIGN_OR_RETURN(const pki::CertificateRequest request, RequestOf(csr));
  if (!(chain[0].public_key() == request.public_key())) {
    return absl::InvalidArgumentError(absl::StrCat(
        flags.certificate, ": not a certificate for the key of the request \"",
        flags.name, "\""));
  }
  std::string pem;
  for (const pki::Certificate& certificate : chain) pem += certificate.ToPem();
  ABSL_RETURN_IF_ERROR(PutCertificate(csrs, flags.name, pem));
  context.out << kCsrResource << flags.name << " uploaded\n";
  return absl::OkStatus();
}

std::vector<std::string> Differences(const Csr& csr,
                                     const pki::CertificateRequest& request,
                                     const pki::Certificate& certificate) {
  std::vector<std::string> differences;
  for (const Comparison& row : Compare(csr, request, certificate)) {
    if (row.same) continue;
    differences.push_back(absl::StrCat(row.what, ": asked for ", row.asked,
                                       ", issued ", row.got));
  }
  return differences;
}

absl::Status CsrDiff(const Context& context, CsrApi& csrs,
                     const std::string& name) {
  ABSL_ASSIGN_OR_RETURN(const Csr csr, csrs.Get("", name));
  ABSL_ASSIGN_OR_RETURN(const pki::CertificateRequest request, RequestOf(csr));
  if (csr.status().certificate().empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "certificate signing request \"", name,
        "\" has no certificate yet: it is ", api::CsrStatusText(csr)));
  }
  ABSL_ASSIGN_OR_RETURN(const std::vector<pki::Certificate> chain,
                        pki::ParseCertificatesPem(csr.status().certificate()));
  TabWriter out({.min_width = 0, .padding = 2});
  out.Write(" \tWHAT\tASKED FOR\tISSUED\n");
  int different = 0;
  for (const Comparison& row : Compare(csr, request, chain[0])) {
    if (!row.same) ++different;
    out.Write(absl::StrCat(row.same ? "=" : "!", "\t", row.what, "\t",
                           TableCell(row.asked), "\t", TableCell(row.got),
                           "\n"));
  }
  context.out << out.Flush();
  if (different == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(different, different == 1 ? " thing is" : " things are",
                   " not as asked for"));
}

}  // namespace signet::cli
