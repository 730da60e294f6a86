#ifndef SIGNET_CLI_CSR_TABLE_H_
#define SIGNET_CLI_CSR_TABLE_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "cli/tabwriter.h"
#include "core/api/certificates.pb.h"

namespace signet::cli {

// CsrTable writes requests as kubectl get csr does (SPEC E-3 to E-5, G-7). When
// more rows follow later (a watch), the columns keep their widths.
// Thread-compatible.
class CsrTable {
 public:
  // `names` adds a column that kubectl does not have: for whom the certificate
  // is to be (SPEC E-10).
  explicit CsrTable(bool headers, bool names = false);

  // The rows, under a header if these are the first; "" for none. Ages are
  // counted up to `now`.
  std::string Format(const std::vector<api::CertificateSigningRequest>& csrs,
                     absl::Time now);

 private:
  bool headers_;
  const bool names_;
  TabWriter writer_;
};

}  // namespace signet::cli

#endif  // SIGNET_CLI_CSR_TABLE_H_
