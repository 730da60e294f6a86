#include "core/sys/pkcs11_uri.h"

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace signet::sys {
namespace {

constexpr size_t kMaxBytes = 4096;

absl::Status Wrong(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("PKCS#11 URI: ", what));
}

// Decodes %xx.
absl::StatusOr<std::string> Decode(absl::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    std::string byte;
    if (!absl::HexStringToBytes(text.substr(i + 1, 2), &byte) ||
        byte.size() != 1) {
      return Wrong(absl::StrCat("malformed escape in \"", text, "\""));
    }
    out += byte;
    i += 2;
  }
  return out;
}

// Where an attribute goes; null for one that is not known.
std::string* FieldOf(absl::string_view name, bool query, Pkcs11Uri& out) {
  struct Known {
    absl::string_view name;
    bool query;
    std::string Pkcs11Uri::* field;
  };
  static constexpr Known kKnown[] = {
      {"token", false, &Pkcs11Uri::token},
      {"serial", false, &Pkcs11Uri::serial},
      {"manufacturer", false, &Pkcs11Uri::manufacturer},
      {"model", false, &Pkcs11Uri::model},
      {"object", false, &Pkcs11Uri::object},
      {"id", false, &Pkcs11Uri::id},
      {"module-path", true, &Pkcs11Uri::module_path},
      {"pin-source", true, &Pkcs11Uri::pin_file},
  };
  for (const Known& known : kKnown) {
    if (known.name == name && known.query == query) return &(out.*known.field);
  }
  return nullptr;
}

absl::Status ReadAttributes(absl::string_view text, char separator, bool query,
                            Pkcs11Uri& out) {
  for (const absl::string_view attribute :
       absl::StrSplit(text, separator, absl::SkipEmpty())) {
    const size_t equals = attribute.find('=');
    if (equals == absl::string_view::npos) {
      return Wrong(absl::StrCat("\"", attribute, "\" has no value"));
    }
    const absl::string_view name = attribute.substr(0, equals);
    ABSL_ASSIGN_OR_RETURN(std::string value,
                          Decode(attribute.substr(equals + 1)));
    if (name == "pin-value") {
      return Wrong(
          "a PIN is not for all to see; put it into a file and name "
          "that as pin-source");
    }
    if (!query && name == "type") {
      if (value != "private") return Wrong("the type is not \"private\"");
      continue;
    }
    std::string* const field = FieldOf(name, query, out);
    if (field == nullptr) {
      return Wrong(absl::StrCat("unknown attribute \"", name, "\""));
    }
    if (!field->empty()) {
      return Wrong(absl::StrCat("\"", name, "\" is there twice"));
    }
    if (value.empty()) {
      return Wrong(absl::StrCat("\"", name, "\" is empty"));
    }
    *field = std::move(value);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Pkcs11Uri> ParsePkcs11Uri(absl::string_view uri) {
  if (uri.size() > kMaxBytes) return Wrong("too long");
  if (!absl::ConsumePrefix(&uri, "pkcs11:")) {
    return Wrong("does not begin with \"pkcs11:\"");
  }
  const size_t question = uri.find('?');
  Pkcs11Uri out;
  ABSL_RETURN_IF_ERROR(
      ReadAttributes(uri.substr(0, question), ';', /*query=*/false, out));
  if (question != absl::string_view::npos) {
    ABSL_RETURN_IF_ERROR(ReadAttributes(uri.substr(question + 1), '&',
                                        /*query=*/true, out));
  }
  if (out.object.empty() && out.id.empty()) {
    return Wrong("neither object nor id says which key");
  }
  if (out.module_path.empty()) return Wrong("no module-path");
  if (out.pin_file.empty()) return Wrong("no pin-source");
  // RFC 7512, 2.4: a file: URI or, as is common, a path.
  absl::string_view path = out.pin_file;
  if (absl::ConsumePrefix(&path, "file:")) {
    absl::ConsumePrefix(&path, "//");
    out.pin_file = std::string(path);
  }
  if (out.pin_file.empty() || out.pin_file.front() != '/') {
    return Wrong("pin-source is not the path of a file");
  }
  return out;
}

}  // namespace signet::sys
