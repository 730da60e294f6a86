#include "signer_service/operation_flags.h"

#include <string>

#include "CLI/CLI.hpp"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace signet::signer {

void AddOperationFlags(CLI::App& app, OperationFlags& flags) {
  app.add_option("--audit-log-file", flags.audit_log_file,
                 "File to which each certificate is appended, as a line of "
                 "JSON, before it is uploaded")
      ->type_name("FILE");
  CLI::Option* const cleaner =
      app.add_flag("--csr-cleaner", flags.csr_cleaner,
                   "Also remove old requests, as kube-controller-manager's "
                   "csrcleaner does");
  app.add_option("--csr-cleaner-export-file", flags.csr_cleaner_export_file,
                 "File to which each removed request is appended, as a line of "
                 "JSON, before it is removed")
      ->type_name("FILE")
      ->needs(cleaner);
  CLI::Option* const shards =
      app.add_option("--shards", flags.shards,
                     "Share the requests, by their names, among so many "
                     "active replicas")
          ->type_name("NUMBER")
          ->check(CLI::Range(1, 1000).description(""))
          ->capture_default_str();
  app.add_option("--shard-index", flags.shard_index,
                 "Which share is this replica's, from 0")
      ->type_name("NUMBER")
      ->needs(shards)
      ->check(CLI::Range(0, 999).description(""))
      // Options are read in the order in which they were added.
      ->check([&flags](const std::string& index) {
        int value = 0;
        return absl::SimpleAtoi(index, &value) && value >= flags.shards
                   ? absl::StrCat(index, " is not below --shards, ",
                                  flags.shards)
                   : "";
      })
      ->capture_default_str();
  app.add_option("--kube-api-qps", flags.kube_api_qps,
                 "Most requests a second while signing, on average; 0: the "
                 "server sets the pace")
      ->type_name("NUMBER")
      ->check(CLI::NonNegativeNumber.description(""))
      ->capture_default_str();
  app.add_option("--kube-api-burst", flags.kube_api_burst,
                 "So many requests at once after a pause, if there is a limit")
      ->type_name("NUMBER")
      ->check(CLI::Range(1, 1000000).description(""))
      ->capture_default_str();
}

std::string ShardLeaseName(const std::string& name,
                           const OperationFlags& flags) {
  if (flags.shards == 1) return name;
  return absl::StrCat(name, "-", flags.shard_index, "-of-", flags.shards);
}

}  // namespace signet::signer
