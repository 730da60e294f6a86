#ifndef SIGNET_CORE_PKI_EXTENSION_FORM_H_
#define SIGNET_CORE_PKI_EXTENSION_FORM_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace signet::pki {

// CheckExtensionForm checks the value of an extension of which a Certificate
// says nothing, but without which Go would not parse one: name constraints, CRL
// distribution points, policies, authority information access. `type` is the
// contents of its OID. OK for extensions that are unknown. (Go looks closer at
// one thing: mailboxes in name constraints, by RFC 2821.)
absl::Status CheckExtensionForm(absl::string_view type, bool critical,
                                absl::string_view value);

}  // namespace signet::pki

#endif  // SIGNET_CORE_PKI_EXTENSION_FORM_H_
