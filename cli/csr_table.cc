#include "cli/csr_table.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "cli/terminal_text.h"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/api/csr_status_text.h"
#include "core/base/human_duration.h"

namespace signet::cli {
namespace {

using Row = std::array<std::string, 6>;

const Row& Header() {
  static const auto* const header =
      new Row{"NAME",     "AGE", "SIGNERNAME", "REQUESTOR", "REQUESTEDDURATION",
              "CONDITION"};
  return *header;
}

Row RowOf(const api::CertificateSigningRequest& csr, absl::Time now) {
  const api::CertificateSigningRequestSpec& spec = csr.spec();
  const api::Time& created = csr.metadata().creation_timestamp();
  return {csr.metadata().name(),
          api::IsZero(created) ? "<unknown>"
                               : HumanDuration(now - api::ToAbslTime(created)),
          spec.signer_name().empty() ? "<none>" : spec.signer_name(),
          spec.username(),
          spec.has_expiration_seconds()
              ? HumanDuration(absl::Seconds(spec.expiration_seconds()))
              : "<none>",
          api::CsrStatusText(csr)};
}

}  // namespace

CsrTable::CsrTable(bool headers)
    : headers_(headers),
      writer_({.min_width = 6, .padding = 3, .remember_widths = true}) {}

std::string CsrTable::Format(
    const std::vector<api::CertificateSigningRequest>& csrs, absl::Time now) {
  if (csrs.empty()) return "";
  std::vector<Row> rows;
  for (const api::CertificateSigningRequest& csr : csrs) {
    rows.push_back(RowOf(csr, now));
  }
  if (std::exchange(headers_, false)) {
    // kubectl widens the header by bytes, where the columns go by characters.
    Row header = Header();
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
