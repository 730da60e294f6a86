#include "cli/csr_table.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "cli/contents.h"
#include "cli/terminal_text.h"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/api/csr_status_text.h"
#include "core/base/human_duration.h"
#include "core/pki/certificate_request.h"

namespace signet::cli {
namespace {

using Row = std::vector<std::string>;

Row Header(bool names) {
  Row header = {
      "NAME",     "AGE", "SIGNERNAME", "REQUESTOR", "REQUESTEDDURATION",
      "CONDITION"};
  if (names) header.push_back("NAMES");
  return header;
}

// "CN=x, DNS x.example"
std::string NamesOf(const api::CertificateSigningRequest& csr) {
  const absl::StatusOr<pki::CertificateRequest> request =
      pki::CertificateRequest::ParsePem(csr.spec().request());
  if (!request.ok()) return "<unreadable>";
  std::string text = request->subject().ToString();
  if (!request->subject_alt_names().empty()) {
    absl::StrAppend(&text, text.empty() ? "" : ", ",
                    NamesText(request->subject_alt_names()));
  }
  return text;
}

Row RowOf(const api::CertificateSigningRequest& csr, absl::Time now,
          bool names) {
  const api::CertificateSigningRequestSpec& spec = csr.spec();
  const api::Time& created = csr.metadata().creation_timestamp();
  Row row = {csr.metadata().name(),
             api::IsZero(created)
                 ? "<unknown>"
                 : HumanDuration(now - api::ToAbslTime(created)),
             spec.signer_name().empty() ? "<none>" : spec.signer_name(),
             spec.username(),
             spec.has_expiration_seconds()
                 ? HumanDuration(absl::Seconds(spec.expiration_seconds()))
                 : "<none>",
             api::CsrStatusText(csr)};
  if (names) row.push_back(NamesOf(csr));
  return row;
}

}  // namespace

CsrTable::CsrTable(bool headers, bool names)
    : headers_(headers),
      names_(names),
      writer_({.min_width = 6, .padding = 3, .remember_widths = true}) {}

std::string CsrTable::Format(
    const std::vector<api::CertificateSigningRequest>& csrs, absl::Time now) {
  if (csrs.empty()) return "";
  std::vector<Row> rows;
  for (const api::CertificateSigningRequest& csr : csrs) {
    rows.push_back(RowOf(csr, now, names_));
  }
  if (std::exchange(headers_, false)) {
    // kubectl widens the header by bytes, where the columns go by characters.
    Row header = Header(names_);
    for (size_t column = 0; column + 1 < header.size(); ++column) {
      size_t width = header[column].size();
      for (const Row& row : rows) width = std::max(width, row[column].size());
      header[column].resize(width, ' ');
    }
    writer_.Write(absl::StrCat(absl::StrJoin(header, "\t"), "\n"));
  }
  for (const Row& row : rows) {
    writer_.Write(absl::StrCat(
        absl::StrJoin(row, "\t",
                      [](std::string* out, const std::string& cell) {
                        absl::StrAppend(out, TableCell(cell));
                      }),
        "\n"));
  }
  return writer_.Flush();
}

}  // namespace signet::cli
