#ifndef SIGNET_APPROVER_SERVICE_POLICIES_READER_H_
#define SIGNET_APPROVER_SERVICE_POLICIES_READER_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/policy/ip_prefix.h"
#include "core/policy/key_policy.h"
#include "core/policy/pattern.h"
#include "core/policy/request_rules.h"
#include "core/service/config_reader.h"

// Parts of approver_config_reader.h: `policies`, and the types of field that
// its sections share. Errors go to the mapping.
namespace signet::approver {

// The list `policies` of the document.
void ReadPolicies(service::ConfigMapping& document,
                  std::vector<policy::RequestPolicy>& policies);

void ReadKeys(service::ConfigMapping& keys, policy::KeyPolicy& policy);

// An RE2 expression; nothing if the field is absent or wrong.
std::optional<policy::Pattern> ReadPattern(service::ConfigMapping& mapping,
                                           absl::string_view field);
void ReadPatterns(service::ConfigMapping& mapping, absl::string_view field,
                  std::vector<policy::Pattern>* patterns);
void ReadPrefixes(service::ConfigMapping& mapping, absl::string_view field,
                  std::vector<policy::IpPrefix>* prefixes);
void ReadNumber(service::ConfigMapping& mapping, absl::string_view field,
                int min, int max, int* value);
// A number of names.
void ReadCount(service::ConfigMapping& mapping, absl::string_view field,
               size_t* count);

}  // namespace signet::approver

#endif  // SIGNET_APPROVER_SERVICE_POLICIES_READER_H_
