#ifndef SIGNET_TOOLS_APISERVER_METADATA_VALIDATION_H_
#define SIGNET_TOOLS_APISERVER_METADATA_VALIDATION_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/api/meta.pb.h"
#include "tools/apiserver/field_error.h"

// Rules for names, labels and the rest of an object's metadata, with the API's
// own words (SPEC D-2). Pure. The functions returning strings return what is
// wrong, nothing if all is well.
namespace signet::apiserver {

std::vector<std::string> CheckPathSegment(absl::string_view name);
std::vector<std::string> CheckDnsLabel(absl::string_view value);
std::vector<std::string> CheckDnsSubdomain(absl::string_view value);
std::vector<std::string> CheckLabelKey(absl::string_view value);
std::vector<std::string> CheckLabelValue(absl::string_view value);

// What a kind's names may be.
enum class NameRule {
  kPathSegment,   // CSRs and RBAC objects: no '/', no '%', not "." or "..".
  kDnsLabel,      // Namespaces.
  kDnsSubdomain,  // Nearly everything else.
};

// CheckName checks a name, or with `prefix` what a name is generated from.
std::vector<std::string> CheckName(NameRule rule, absl::string_view name,
                                   bool prefix);

// Checks an object's metadata by the kind's rules; a name has been generated
// already.
FieldErrors ValidateObjectMeta(const api::ObjectMeta& metadata, bool namespaced,
                               NameRule rule);
// The same with a rule of one's own.
FieldErrors ValidateObjectMeta(
    const api::ObjectMeta& metadata, bool namespaced,
    const std::function<std::vector<std::string>(absl::string_view name,
                                                 bool prefix)>& check_name);
// The rule for the names of every kind. A creation asks for it only when the
// kind's own rules found nothing.
FieldErrors ValidateCommonCreate(const api::ObjectMeta& metadata);
// Checks an update, beyond ValidateObjectMeta.
FieldErrors ValidateObjectMetaUpdate(const api::ObjectMeta& updated,
                                     const api::ObjectMeta& stored);
// What every update is checked for before the kind's own rules (so that the
// real server lists such an error twice).
FieldErrors ValidateCommonUpdate(const api::ObjectMeta& updated,
                                 const api::ObjectMeta& stored,
                                 bool namespaced);

// ValidateSignerName checks spec.signerName (SPEC D-7).
FieldErrors ValidateSignerName(absl::string_view field,
                               absl::string_view signer_name);

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_METADATA_VALIDATION_H_
