#ifndef SIGNET_TOOLS_APISERVER_GO_QUOTE_H_
#define SIGNET_TOOLS_APISERVER_GO_QUOTE_H_

#include <string>

#include "absl/strings/string_view.h"

// How values are shown in Kubernetes' error messages. Pure.
namespace signet::apiserver {

// GoQuote is Go's strconv.Quote (the verb %q): \a \b \f \n \r \t \v \\ \",
// \xNN for control characters and invalid UTF-8, \uNNNN for the unprintable
// ones among the Latin-1 characters and the usual invisible ones beyond;
// everything else stands as it is.
std::string GoQuote(absl::string_view text);

// JsonQuote is Go's json.Marshal of a string: as JSON, with <, > and & and the
// two line separators as \uNNNN; invalid UTF-8 becomes U+FFFD.
std::string JsonQuote(absl::string_view text);

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_GO_QUOTE_H_
