#ifndef SIGNET_E2E_SIGNER_PARITY_CASES_H_
#define SIGNET_E2E_SIGNER_PARITY_CASES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "e2e/openssl.h"

// Requests with which two signers are compared.
namespace signet::e2e {

struct ParityCase {
  std::string title;
  std::string signer_name;
  std::vector<std::string> usages;
  RequestOptions request;
  std::optional<int32_t> expiration_seconds;

  // In the place of the request; with its signature spoilt.
  std::optional<std::string> request_pem;
  bool spoilt = false;
  // True for what the API would refuse to create, but older servers may have
  // stored. Requests to legacy-unknown always are.
  bool stored = false;
  // Condition types and statuses, "Failed=False", that stand beside Approved;
  // stored.
  std::vector<std::string> conditions;

  enum class Outcome { kIssued, kFailed, kError, kIgnored };
  Outcome outcome = Outcome::kIssued;
  // For kFailed the condition's message; for kError what both logs say.
  std::string message;
};

// All signers, key types, subjects, names, usages, odd extensions and
// lifetimes (SPEC C-1 to C-17, G-2). The titles differ.
std::vector<ParityCase> ParityCases();

// A few of each signer, for comparisons with other CAs and durations.
std::vector<ParityCase> FewParityCases();

}  // namespace signet::e2e

#endif  // SIGNET_E2E_SIGNER_PARITY_CASES_H_
