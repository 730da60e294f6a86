#include "tools/apiserver/access.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "tools/apiserver/go_quote.h"
#include "tools/apiserver/user.h"

namespace signet::apiserver {

AccessDecision UnionAuthorizer::Authorize(const AccessRequest& request) const {
  std::string reasons;
  for (const Authorizer* authorizer : authorizers_) {
    AccessDecision decision = authorizer->Authorize(request);
    if (decision.allowed) return decision;
    if (decision.reason.empty()) continue;
    absl::StrAppend(&reasons, reasons.empty() ? "" : "\n", decision.reason);
  }
  return {.allowed = false, .reason = reasons};
}

bool MayUseSigner(const Authorizer& authorizer, const User& user,
                  absl::string_view verb, absl::string_view signer_name) {
  AccessRequest request;
  request.user = user;
  request.verb = std::string(verb);
  request.group = "certificates.k8s.io";
  request.version = "*";
  request.resource = "signers";
  request.name = std::string(signer_name);
  if (authorizer.Authorize(request).allowed) return true;
  request.name =
      absl::StrCat(signer_name.substr(0, signer_name.find('/')), "/*");
  return authorizer.Authorize(request).allowed;
}

std::string RefusalText(const AccessRequest& request) {
  const std::string who = absl::StrCat("User ", GoQuote(request.user.name),
                                       " cannot ", request.verb);
  if (!request.is_resource) {
    return absl::StrCat(who, " path ", GoQuote(request.path));
  }
  std::string resource = request.resource;
  if (!request.subresource.empty()) {
    absl::StrAppend(&resource, "/", request.subresource);
  }
  const std::string what =
      absl::StrCat(who, " resource ", GoQuote(resource), " in API group ",
                   GoQuote(request.group));
  if (request.namespace_name.empty()) {
    return absl::StrCat(what, " at the cluster scope");
  }
  return absl::StrCat(what, " in the namespace ",
                      GoQuote(request.namespace_name));
}

}  // namespace signet::apiserver
