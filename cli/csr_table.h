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
  explicit CsrTable(bool headers);

  // The rows, under a header if these are the first; "" for none. Ages are
  // counted up to `now`.
  std::string Format(const std::vector<api::CertificateSigningRequest>& csrs,
                     absl::Time now);

 private:
  bool headers_;
  TabWriter writer_;
};

}  // namespace signet::cli

#endif  // SIGNET_CLI_CSR_TABLE_H_
