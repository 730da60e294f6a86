#ifndef SIGNET_TOOLS_APISERVER_ACCESS_H_
#define SIGNET_TOOLS_APISERVER_ACCESS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tools/apiserver/user.h"

// Questions of authorisation and their answers. Plain values.
namespace signet::apiserver {

struct AccessRequest {
  User user;
  std::string verb;
  bool is_resource = true;
  // Of a resource:
  std::string group;
  std::string version;
  std::string resource;
  std::string subresource;
  std::string namespace_name;
  std::string name;
  std::string field_selector;  // As requested: "metadata.name=x".
  // Otherwise:
  std::string path;
};

struct AccessDecision {
  bool allowed = false;
  // Why, in the real server's words; may be empty.
  std::string reason;
};

// Authorizer answers. Implementations are thread-safe.
class Authorizer {
 public:
  virtual ~Authorizer() = default;
  virtual AccessDecision Authorize(const AccessRequest& request) const = 0;
};

// UnionAuthorizer allows what any of its authorizers allows; refusing, it gives
// all their reasons, one a line. They are not owned and must outlive it.
class UnionAuthorizer : public Authorizer {
 public:
  explicit UnionAuthorizer(std::vector<const Authorizer*> authorizers)
      : authorizers_(std::move(authorizers)) {}
  AccessDecision Authorize(const AccessRequest& request) const override;

 private:
  const std::vector<const Authorizer*> authorizers_;
};

// MayUseSigner answers whether `user` has `verb` ("approve", "sign", "attest")
// on the signer: by its full name or by "<domain>/*" (SPEC C-24).
bool MayUseSigner(const Authorizer& authorizer, const User& user,
                  absl::string_view verb, absl::string_view signer_name);

// The sentence of a refusal: `User "x" cannot get resource "secrets" in API
// group "" in the namespace "default"`.
std::string RefusalText(const AccessRequest& request);

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_ACCESS_H_
