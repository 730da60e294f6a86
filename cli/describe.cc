#include "cli/describe.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cli/tabwriter.h"
#include "cli/terminal_text.h"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/api/core.pb.h"
#include "core/api/csr_status_text.h"
#include "core/base/human_duration.h"
#include "core/pki/certificate_request.h"
#include "core/pki/ip_address.h"

namespace signet::cli {
namespace {

template <class Map>
std::string Labels(const Map& map) {
  const std::map<std::string, std::string> sorted(map.begin(), map.end());
  if (sorted.empty()) return "<none>";
  return absl::StrJoin(sorted, ",", absl::PairFormatter("="));
}

std::string Timestamp(const api::Time& time, absl::TimeZone zone) {
  if (api::IsZero(time)) return "Mon, 01 Jan 0001 00:00:00 +0000";
  return absl::FormatTime("%a, %d %b %Y %H:%M:%S %z", api::ToAbslTime(time),
                          zone);
}

template <class T>
std::string Since(const T& time, absl::Time now) {
  if (api::IsZero(time)) return "<unknown>";
  return HumanDuration(now - api::ToAbslTime(time));
}

class Description {
 public:
  void Add(absl::string_view text) { writer_.Write(EscapeForTerminal(text)); }

  void Line(absl::string_view name, absl::string_view value) {
    Add(absl::StrCat(name, ":\t", value, "\n"));
  }

  // A list in the second column, behind an empty first one.
  void Nested(absl::string_view name, const std::vector<std::string>& values) {
    if (values.empty()) return;
    Add(absl::StrCat("\t", name, ":\t", absl::StrJoin(values, "\n\t\t"), "\n"));
  }

  // Ends the columns so far.
  void Flush() { out_ += writer_.Flush(); }

  std::string Take() {
    Flush();
    return std::move(out_);
  }

 private:
  TabWriter writer_;  // SPEC E-7.
  std::string out_;
};

void AddRequest(const pki::CertificateRequest& request, Description& out) {
  const pki::DistinguishedName& subject = request.subject();
  out.Add("Subject:\n");
  out.Nested("Common Name", {subject.common_name});
  out.Nested("Serial Number", {subject.serial_number});
  out.Nested("Organization", subject.organization);
  out.Nested("Organizational Unit", subject.organizational_unit);
  out.Nested("Country", subject.country);
  out.Nested("Locality", subject.locality);
  out.Nested("Province", subject.province);
  out.Nested("StreetAddress", subject.street_address);
  out.Nested("PostalCode", subject.postal_code);

  const pki::SubjectAltNames& sans = request.subject_alt_names();
  if (sans.empty()) return;
  out.Add("Subject Alternative Names:\n");
  out.Nested("DNS Names", sans.dns_names);
  out.Nested("Email Addresses", sans.email_addresses);
  out.Nested("URIs", sans.uris);
  std::vector<std::string> addresses;
  for (const pki::IpAddress& address : sans.ip_addresses) {
    addresses.push_back(address.ToString());
  }
  out.Nested("IP Addresses", addresses);
}

std::string Interval(const api::Event& event, absl::Time now) {
  const std::string first = api::IsZero(event.event_time())
                                ? Since(event.first_timestamp(), now)
                                : Since(event.event_time(), now);
  if (event.has_series()) {
    return absl::StrCat(Since(event.series().last_observed_time(), now), " (x",
                        event.series().count(), " over ", first, ")");
  }
  if (event.count() > 1) {
    return absl::StrCat(Since(event.last_timestamp(), now), " (x",
                        event.count(), " over ", first, ")");
  }
  return first;
}

void AddEvents(std::vector<api::Event> events, absl::Time now,
               Description& out) {
  if (events.empty()) {
    out.Line("Events", "<none>");
    return;
  }
  out.Flush();
  std::sort(events.begin(), events.end(),
            [](const api::Event& a, const api::Event& b) {
              return a.last_timestamp().seconds() <
                     b.last_timestamp().seconds();
            });
  out.Add("Events:\n  Type\tReason\tAge\tFrom\tMessage\n");
  out.Add("  ----\t------\t----\t----\t-------\n");
  for (const api::Event& event : events) {
    const std::string& from = event.source().component().empty()
                                  ? event.reporting_component()
                                  : event.source().component();
    std::string message(absl::StripAsciiWhitespace(event.message()));
    if (!event.involved_object().field_path().empty()) {
      message =
          absl::StrCat(event.involved_object().field_path(), ": ", message);
    }
    out.Add(absl::StrCat("  ", event.type(), "\t", event.reason(), "\t",
                         Interval(event, now), "\t", from, "\t", message,
                         "\n"));
  }
}

}  // namespace

absl::StatusOr<std::string> DescribeCsr(
    const api::CertificateSigningRequest& csr,
    const std::optional<std::vector<api::Event>>& events, absl::Time now,
    absl::TimeZone zone) {
  const api::CertificateSigningRequestSpec& spec = csr.spec();
  const absl::StatusOr<pki::CertificateRequest> request =
      pki::CertificateRequest::ParsePem(spec.request());
  if (!request.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("Error parsing CSR: ", request.status().message()));
  }
  const api::ObjectMeta& metadata = csr.metadata();
  Description out;
  out.Line("Name", metadata.name());
  out.Line("Labels", Labels(metadata.labels()));
  out.Line("Annotations", Labels(metadata.annotations()));
  out.Line("CreationTimestamp", Timestamp(metadata.creation_timestamp(), zone));
  out.Line("Requesting User", spec.username());
  if (!spec.signer_name().empty()) out.Line("Signer", spec.signer_name());
  if (spec.has_expiration_seconds()) {
    out.Line("Requested Duration",
             HumanDuration(absl::Seconds(spec.expiration_seconds())));
  }
  out.Line("Status", api::CsrStatusText(csr));
  AddRequest(*request, out);
  if (events.has_value()) AddEvents(*events, now, out);
  return out.Take();
}

}  // namespace signet::cli
