#ifndef SIGNET_CLI_CSR_COMMANDS_H_
#define SIGNET_CLI_CSR_COMMANDS_H_

#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "cli/csr_table.h"
#include "core/api/certificates.pb.h"
#include "core/api/core.pb.h"
#include "core/base/file_system.h"
#include "core/k8s/resource_api.h"

namespace signet::cli {

struct GetFlags {
  std::vector<std::string> names;  // Empty: all.
  std::string label_selector;
  std::string field_selector;
  // "", "wide", "json", "yaml", "name", "jsonpath=TEMPLATE".
  std::string output;
  bool headers = true;
  bool watch = false;       // Tables and names only.
  bool show_names = false;  // In tables: for whom the certificate is to be.
};

struct DescribeFlags {
  // Empty: all. A single name that does not exist stands for all that begin so.
  std::vector<std::string> names;
  std::string label_selector;
};

enum class Decision { kApprove, kDeny };

struct DecideFlags {
  std::vector<std::string> names;
  // Instead of names: all undecided ones with these labels and fields.
  std::string label_selector;
  std::string field_selector;
  bool all_pending = false;
  bool yes = false;  // Of many: do it, do not only show it.
  // Approve also what would give away too much (approval_guard.h).
  bool allow_privileged = false;
  std::string reason;   // Empty: SignetApprove, SignetDeny.
  std::string message;  // Empty: one that says by what it was decided.
  bool force = false;   // Write even if it has been decided so already.
};

struct DownloadFlags {
  std::string name;
  std::string file;    // Empty: standard output.
  bool force = false;  // Overwrite a file.
};

// CsrCommands are the commands of `signet csr` (SPEC E-1 to E-7). Each writes
// its results to `out` and every error, as kubectl words it, to `err`; it goes
// on with the other names after one failed, and returns whether all went well.
class CsrCommands {
 public:
  struct Environment {
    k8s::ResourceApi<api::CertificateSigningRequest>& csrs;
    k8s::ResourceApi<api::Event>& events;
    FileSystem& files;
    absl::Clock& clock;
    absl::TimeZone zone;  // In which describe tells times.
    // By which the API server is reached, beside its usual names.
    std::vector<std::string> api_server_hosts;
    std::ostream& out;
    std::ostream& err;
  };
  // What the environment refers to must outlive the commands.
  explicit CsrCommands(const Environment& environment) : env_(environment) {}

  bool Get(const GetFlags& flags);
  bool Describe(const DescribeFlags& flags);
  // Adds the condition Approved or Denied by way of /approval, reading again on
  // a conflict, at most ten times. What would give away too much is refused,
  // with the reason. Of many, chosen by selectors, it shows what each asks for
  // and does nothing, unless it is told yes.
  bool Decide(Decision decision, const DecideFlags& flags);
  // Writes the certificate, as the signer left it.
  bool Download(const DownloadFlags& flags);

 private:
  using Csr = api::CertificateSigningRequest;

  bool Fail(const absl::Status& status);
  absl::Status PrintObjects(const std::vector<Csr>& csrs, bool one,
                            absl::string_view output);
  absl::Status Watch(const GetFlags& flags, std::string revision,
                     CsrTable& table);
  absl::Status DecideOne(Decision decision, const DecideFlags& flags,
                         absl::string_view name);
  bool DecideMany(Decision decision, const DecideFlags& flags);
  absl::Status CheckApproval(const Csr& csr, const DecideFlags& flags) const;
  bool DescribeByPrefix(absl::string_view prefix,
                        const absl::Status& not_found);
  absl::StatusOr<std::string> DescribeOne(const Csr& csr, bool show_events);

  const Environment env_;
};

}  // namespace signet::cli

#endif  // SIGNET_CLI_CSR_COMMANDS_H_
