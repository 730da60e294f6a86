#ifndef SIGNET_APPROVER_SERVICE_APPROVER_FLAGS_H_
#define SIGNET_APPROVER_SERVICE_APPROVER_FLAGS_H_

#include <string>

#include "CLI/CLI.hpp"
#include "absl/time/time.h"
#include "approver_service/decision_journal.h"
#include "core/service/service_flags.h"

namespace signet::approver {

// The command line of signet-approver.
struct ApproverFlags {
  service::ServiceFlags service;
  std::string config;  // Empty: the defaults of policy::ApproverConfig.
  bool dry_run = false;
  std::string audit_log_file;  // Empty: none.
  Explanations explanations;
  // See ReviewCache; zero switches it off.
  absl::Duration review_cache_ttl = absl::Seconds(10);
};

// Adds all flags. `flags` must outlive `app`. service::ParseFlags reads them.
void AddApproverFlags(CLI::App& app, ApproverFlags& flags);

}  // namespace signet::approver

#endif  // SIGNET_APPROVER_SERVICE_APPROVER_FLAGS_H_
