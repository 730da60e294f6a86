#include "cli/cfssl/json_command.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "boost/json.hpp"
#include "cli/cfssl/go_flags.h"
#include "cli/cfssl/go_json.h"
#include "cli/cfssl/materials.h"
#include "cli/context.h"
#include "cli/output_files.h"
#include "core/base/base64.h"
#include "core/base/version.h"

namespace signet::cli::cfssl {
namespace {

using boost::json::object;
using boost::json::value;

constexpr uint32_t kCertificateMode = 0664;

struct Output {
  std::string suffix;
  std::string contents;
  bool is_binary = false;  // Base64 on the screen.
  uint32_t mode = kPublicMode;
};

// The text under a key; nullopt if it is not there, or empty.
absl::StatusOr<std::optional<std::string>> TextOf(const object& json,
                                                  absl::string_view key) {
  const value* const found = json.if_contains({key.data(), key.size()});
  if (found == nullptr) return std::nullopt;
  if (!found->is_string()) {
    return absl::InvalidArgumentError(
        absl::StrCat("Failed to parse input: \"", key, "\" is not a text"));
  }
  return std::string(found->get_string().data(), found->get_string().size());
}

// Under its name, or the other one that a server of cfssl uses.
absl::StatusOr<std::string> TextOf(const object& json, absl::string_view key,
                                   absl::string_view other) {
  ABSL_ASSIGN_OR_RETURN(std::optional<std::string> text, TextOf(json, key));
  if (!text.has_value()) {
    ABSL_ASSIGN_OR_RETURN(text, TextOf(json, other));
  }
  return text.value_or("");
}

// {"result": {"bundle": {"bundle": …, "root": …}}}, of a server's bundle.
absl::Status AddBundle(const object& json, std::vector<Output>* outputs) {
  const value* const result = json.if_contains("result");
  if (result == nullptr || !result->is_object()) return absl::OkStatus();
  const value* const bundle = result->get_object().if_contains("bundle");
  if (bundle == nullptr || !bundle->is_object()) return absl::OkStatus();
  const absl::StatusOr<std::optional<std::string>> chain =
      TextOf(bundle->get_object(), "bundle");
  if (!chain.ok() || !chain->has_value()) {
    return absl::InvalidArgumentError("inner bundle parsing failed!");
  }
  const absl::StatusOr<std::optional<std::string>> root =
      TextOf(bundle->get_object(), "root");
  if (!root.ok() || !root->has_value()) {
    return absl::InvalidArgumentError("root parsing failed!");
  }
  outputs->push_back({"-bundle.pem", absl::StrCat(**chain, "\n", **root)});
  outputs->push_back({"-root.pem", **root});
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Output>> OutputsOf(const object& json) {
  std::vector<Output> outputs;
  ABSL_ASSIGN_OR_RETURN(const std::string certificate,
                        TextOf(json, "cert", "certificate"));
  if (!certificate.empty()) {
    outputs.push_back({".pem", certificate, false, kCertificateMode});
  }
  ABSL_ASSIGN_OR_RETURN(const std::string key,
                        TextOf(json, "key", "private_key"));
  if (!key.empty()) outputs.push_back({"-key.pem", key, false, kKeyMode});
  ABSL_ASSIGN_OR_RETURN(const std::optional<std::string> encrypted,
                        TextOf(json, "encrypted_key"));
  if (encrypted.has_value()) {
    outputs.push_back({"-key.enc", *encrypted, true, kKeyMode});
  }
  ABSL_ASSIGN_OR_RETURN(const std::string request,
                        TextOf(json, "csr", "certificate_request"));
  if (!request.empty()) outputs.push_back({".csr", request});
  ABSL_RETURN_IF_ERROR(AddBundle(json, &outputs));
  ABSL_ASSIGN_OR_RETURN(const std::optional<std::string> ocsp,
                        TextOf(json, "ocspResponse"));
  if (ocsp.has_value()) {
    std::optional<std::string> der = DecodeBase64(*ocsp);
    if (!der.has_value()) {
      return absl::InvalidArgumentError(
          "Failed to parse ocspResponse: illegal base64 data");
    }
    outputs.push_back({"-response.der", *std::move(der), true});
  }
  return outputs;
}

// The envelope of cfssl's server: {"success", "result", "errors"}.
absl::StatusOr<value> Unwrap(const value& json) {
  bool success = false;
  value result;
  std::string failed = "Request failed:";
  ObjectReader message("ResponseMessage");
  std::string text;
  message.String("message", &text);
  ObjectReader reader("Response");
  reader.Bool("success", &success)
      .Value("result",
             [&result](const value& v) {
               result = v;
               return absl::OkStatus();
             })
      .Array(
          "errors", [] {},
          [&](const value& v) -> absl::Status {
            text.clear();
            ABSL_RETURN_IF_ERROR(message.ReadFrom(v));
            absl::StrAppend(&failed, "\n\t", text);
            return absl::OkStatus();
          });
  if (absl::Status read = reader.ReadFrom(json); !read.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("Failed to parse input: ", read.message()));
  }
  if (!success) return absl::InvalidArgumentError(failed);
  return result;
}

}  // namespace

absl::Status SplitJson(const Context& context, const GoFlagSet& flags) {
  if (flags.Bool("version")) {
    context.out << "signet " << kVersion << "\n";
    return absl::OkStatus();
  }
  const absl::StatusOr<std::string> text =
      ReadFileOrInput(flags.Text("f"), context.files);
  if (!text.ok()) {
    return absl::Status(
        text.status().code(),
        absl::StrCat("Failed to read input: ", text.status().message()));
  }
  absl::StatusOr<value> json = ParseGoJson(*text);
  if (!json.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("Failed to parse input: ", json.status().message()));
  }
  if (!flags.Bool("bare")) {
    ABSL_ASSIGN_OR_RETURN(json, Unwrap(*json));
  }
  if (json->is_null()) return absl::OkStatus();
  if (!json->is_object()) {
    return absl::InvalidArgumentError(
        "Failed to parse input: json: cannot unmarshal into Go value of type "
        "map[string]interface {}");
  }
  ABSL_ASSIGN_OR_RETURN(const std::vector<Output> outputs,
                        OutputsOf(json->get_object()));
  if (flags.Bool("stdout")) {
    for (const Output& output : outputs) {
      context.out << (output.is_binary ? absl::Base64Escape(output.contents)
                                       : output.contents)
                  << "\n";
    }
    return absl::OkStatus();
  }
  const std::string base =
      flags.arguments().empty() ? "cert" : flags.arguments()[0];
  OutputFiles files(context.files, context.rng);
  for (const Output& output : outputs) {
    files.Add(base + output.suffix, output.contents, output.mode);
  }
  return files.Write(/*overwrite=*/true);
}

}  // namespace signet::cli::cfssl
