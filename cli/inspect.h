#ifndef SIGNET_CLI_INSPECT_H_
#define SIGNET_CLI_INSPECT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/contents.h"
#include "cli/context.h"

// The questions that one has of certificates that are there.
namespace signet::cli {

// What is in it, for people: one section for each item, and whether keys and
// certificates belong together. Pure.
std::string InspectText(const std::vector<Item>& items, absl::Time now);

// Reads what is in a file ("-": standard input), or what a TLS server presents:
// "10.0.0.1:6443", "[::1]:6443", "localhost:6443", unless there is a file of
// that name.
absl::StatusOr<std::vector<Item>> ReadSource(const Context& context,
                                             const std::string& source);

struct InspectFlags {
  std::vector<std::string> sources;
};
absl::Status Inspect(const Context& context, const InspectFlags& flags);

struct VerifyFlags {
  std::string certificate;  // The leaf, and intermediates after it.
  std::string ca;           // Roots; empty: the chain is not checked.
  std::string key;
  std::string name;   // DNS name or IP address.
  std::string usage;  // "server", "client" or "".
};
// Verify prints a line for each check, `ok …` or `FAILED …`, and is
// kFailedPrecondition if one failed.
absl::Status Verify(const Context& context, const VerifyFlags& flags);

struct ExpiryFlags {
  std::vector<std::string> paths;          // Files and folders.
  std::optional<std::string> fail_within;  // A lifetime; unset: never fail.
  bool headers = true;
};
// Expiry prints a table of all certificates, the first to end first. With
// `fail_within` it is kFailedPrecondition if one has less than that left.
// Files in folders that hold no certificate are skipped; files named are not.
absl::Status Expiry(const Context& context, const ExpiryFlags& flags);
// The same with `more` of what was found elsewhere.
absl::Status ExpiryWith(const Context& context, const ExpiryFlags& flags,
                        std::vector<Item> more);

}  // namespace signet::cli

#endif  // SIGNET_CLI_INSPECT_H_
