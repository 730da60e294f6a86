#include "node_agent/agent_config.h"

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/pki/key_usage.h"
#include "core/pki/private_key.h"
#include "core/service/config_reader.h"
#include "node_agent/serving_template.h"

namespace signet::node_agent {
namespace {

using service::ConfigMapping;

// The API's least (SPEC D-8).
constexpr int64_t kLeastExpirationSeconds = 600;
constexpr absl::Duration kShortestTimeout = absl::Milliseconds(100);
constexpr absl::Duration kLongestTimeout = absl::Minutes(10);
constexpr uint32_t kModeBits = 0777;

const std::map<std::string, pki::KeyAlgorithm>& KeyTypes() {
  static const auto* const types = new std::map<std::string, pki::KeyAlgorithm>{
      {"ECDSA-P256", pki::KeyAlgorithm::kEcdsaP256},
      {"ECDSA-P384", pki::KeyAlgorithm::kEcdsaP384},
      {"ECDSA-P521", pki::KeyAlgorithm::kEcdsaP521},
      {"RSA-2048", pki::KeyAlgorithm::kRsa2048},
      {"RSA-3072", pki::KeyAlgorithm::kRsa3072},
      {"RSA-4096", pki::KeyAlgorithm::kRsa4096}};
  return *types;
}

const std::map<std::string, int>& Signals() {
  static const auto* const signals = new std::map<std::string, int>{
      {"HUP", SIGHUP},    {"INT", SIGINT},   {"QUIT", SIGQUIT},
      {"TERM", SIGTERM},  {"USR1", SIGUSR1}, {"USR2", SIGUSR2},
      {"WINCH", SIGWINCH}};
  return *signals;
}

template <class V>
std::string Keys(const std::map<std::string, V>& map) {
  return absl::StrJoin(map, ", ", [](std::string* out, const auto& entry) {
    absl::StrAppend(out, entry.first);
  });
}

void AbsolutePath(ConfigMapping& mapping, absl::string_view field,
                  std::string* path) {
  mapping.String(field, path);
  if (mapping.Has(field) && !path->starts_with('/')) {
    mapping.Error(field, "must be an absolute path");
  }
}

// A name that can be a file's prefix and a label: as Kubernetes' own names.
bool IsName(absl::string_view name) {
  return !name.empty() && name.size() <= 63 && name.front() != '-' &&
         name.back() != '-' &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
         });
}

void ReadFiles(ConfigMapping& mapping, OutputFiles* files) {
  AbsolutePath(mapping, "certificate", &files->certificate);
  AbsolutePath(mapping, "key", &files->key);
  AbsolutePath(mapping, "ca", &files->ca);
  mapping.String("owner", &files->owner);
  mapping.String("group", &files->group);
  mapping.Mode("keyMode", &files->key_mode);
  mapping.Mode("certificateMode", &files->certificate_mode);
  if ((files->key_mode & ~kModeBits) != 0) {
    mapping.Error("keyMode", "must not have bits beyond 0777");
  } else if ((files->key_mode & 0007) != 0) {
    mapping.Error("keyMode", "must not let everybody at the key");
  }
  if ((files->certificate_mode & ~kModeBits) != 0) {
    mapping.Error("certificateMode", "must not have bits beyond 0777");
  }
  if (files->certificate.empty() != files->key.empty()) {
    mapping.Error("", "certificate and key go together");
  }
  const std::set<std::string> paths = {files->certificate, files->key,
                                       files->ca};
  if (files->any() && paths.size() < 3 &&
      !(files->ca.empty() && files->certificate != files->key)) {
    mapping.Error("", "each file wants a path of its own");
  }
}

FollowUp ReadFollowUp(ConfigMapping& mapping) {
  FollowUp result;
  int kinds = 0;
  mapping.Mapping("signal", [&](ConfigMapping& signal) {
    ++kinds;
    result.kind = FollowUp::Kind::kSignal;
    result.signal_name = "HUP";
    signal.Required("pidFile");
    AbsolutePath(signal, "pidFile", &result.pid_file);
    signal.String("name", &result.signal_name);
    const auto number = Signals().find(result.signal_name);
    if (number == Signals().end()) {
      signal.Error("name", absl::StrCat("must be one of ", Keys(Signals())));
    } else {
      result.signal = number->second;
    }
  });
  mapping.Mapping("command", [&](ConfigMapping& command) {
    ++kinds;
    result.kind = FollowUp::Kind::kCommand;
    command.Required("argv");
    command.Strings("argv", &result.argv);
    command.Duration("timeout", kShortestTimeout, &result.timeout);
    if (command.Has("argv") &&
        (result.argv.empty() || !result.argv[0].starts_with('/'))) {
      command.Error("argv", "must begin with the absolute path of a program");
    }
    if (result.timeout > kLongestTimeout) {
      command.Error("timeout", "must be at most 10m0s");
    }
  });
  mapping.Mapping("systemd", [&](ConfigMapping& systemd) {
    ++kinds;
    result.kind = FollowUp::Kind::kReloadUnit;
    systemd.Required("reload");
    systemd.String("reload", &result.unit);
    if (systemd.Has("reload") &&
        (result.unit.empty() || result.unit.starts_with('-') ||
         result.unit.find_first_of(" /\t\n") != std::string::npos)) {
      systemd.Error("reload", "must be the name of a unit");
    }
  });
  if (kinds != 1) {
    mapping.Error("", "must have one of signal, command and systemd");
  }
  return result;
}

class CertificateReader {
 public:
  CertificateReader(ConfigMapping& mapping, absl::string_view node_name)
      : mapping_(mapping), node_name_(node_name) {}

  CertificateConfig Read() {
    ReadName();
    mapping_.Required("signerName");
    mapping_.String("signerName", &result_.signer_name);
    const std::vector<std::string> parts =
        absl::StrSplit(result_.signer_name, '/');
    if (mapping_.Has("signerName") &&
        (parts.size() != 2 || parts[0].find('.') == std::string::npos ||
         parts[1].empty())) {
      mapping_.Error("signerName", "must be of the form example.com/name");
    }
    mapping_.Required("subject");
    mapping_.Mapping("subject", [&](ConfigMapping& subject) {
      subject.Required("commonName");
      subject.String("commonName", &result_.common_name);
      subject.Strings("organizations", &result_.organizations);
      if (subject.Has("commonName") && result_.common_name.empty()) {
        subject.Error("commonName", "must not be empty");
      }
    });
    Expand(result_.common_name);
    for (std::string& name : result_.organizations) Expand(name);
    mapping_.Mapping("sans", [&](ConfigMapping& sans) { ReadSans(sans); });
    ReadUsages();
    std::string key_type = "ECDSA-P256";
    mapping_.String("keyType", &key_type);
    const auto type = KeyTypes().find(key_type);
    if (type == KeyTypes().end()) {
      mapping_.Error("keyType",
                     absl::StrCat("must be one of ", Keys(KeyTypes())));
    } else {
      result_.key_algorithm = type->second;
    }
    if (mapping_.Has("expirationSeconds")) {
      int64_t seconds = kLeastExpirationSeconds;
      mapping_.Int("expirationSeconds", kLeastExpirationSeconds,
                   std::numeric_limits<int32_t>::max(), &seconds);
      result_.lifetime = absl::Seconds(seconds);
    }
    AbsolutePath(mapping_, "directory", &result_.directory);
    mapping_.Mapping("files", [&](ConfigMapping& files) {
      ReadFiles(files, &result_.files);
    });
    mapping_.Mappings("after", [&](ConfigMapping& after) {
      result_.after.push_back(ReadFollowUp(after));
    });
    return std::move(result_);
  }

 private:
  void Expand(std::string& text) const {
    absl::StrReplaceAll({{"$(NODE_NAME)", node_name_}}, &text);
  }

  void ReadName() {
    mapping_.Required("name");
    mapping_.String("name", &result_.name);
    if (!mapping_.Has("name")) return;
    if (!IsName(result_.name)) {
      mapping_.Error("name",
                     "must be at most 63 lower-case letters, digits and -");
    } else if (result_.name.starts_with("kubelet-")) {
      mapping_.Error("name", "must not begin with kubelet-, as the node's own");
    }
  }

  void ReadSans(ConfigMapping& sans) {
    std::vector<std::string> dns_names, ip_addresses;
    sans.Strings("dnsNames", &dns_names);
    sans.Strings("ipAddresses", &ip_addresses);
    sans.Bool("nodeAddresses", &result_.node_addresses);
    for (std::string& name : dns_names) Expand(name);
    absl::StatusOr<ServingNames> names = NamesFromText(dns_names);
    if (!names.ok()) {
      sans.Error("dnsNames", names.status().message());
    } else if (!names->ip_addresses.empty()) {
      sans.Error("dnsNames", "has an IP address; those go to ipAddresses");
    } else {
      result_.names.dns_names = std::move(names->dns_names);
    }
    names = NamesFromText(ip_addresses);
    if (!names.ok() || !names->dns_names.empty()) {
      sans.Error("ipAddresses", "has something that is no IP address");
    } else {
      result_.names.ip_addresses = std::move(names->ip_addresses);
    }
  }

  void ReadUsages() {
    mapping_.Required("usages");
    mapping_.Strings("usages", &result_.usages);
    std::set<std::string> seen;
    for (const std::string& usage : result_.usages) {
      if (!pki::IsKnownUsage(usage)) {
        mapping_.Error("usages", absl::StrCat("unknown usage \"", usage, "\""));
      } else if (!seen.insert(usage).second) {
        mapping_.Error("usages", absl::StrCat("\"", usage, "\" occurs twice"));
      }
    }
    if (mapping_.Has("usages") && result_.usages.empty()) {
      mapping_.Error("usages", "must not be empty");
    }
  }

  ConfigMapping& mapping_;
  const std::string node_name_;
  CertificateConfig result_;
};

}  // namespace

std::string Describe(const FollowUp& follow_up) {
  switch (follow_up.kind) {
    case FollowUp::Kind::kSignal:
      return absl::StrCat("signal ", follow_up.signal_name, " to ",
                          follow_up.pid_file);
    case FollowUp::Kind::kCommand:
      return absl::StrCat("command ", absl::StrJoin(follow_up.argv, " "));
    case FollowUp::Kind::kReloadUnit:
      return absl::StrCat("reload ", follow_up.unit);
  }
  return "nothing";
}

absl::StatusOr<AgentConfig> ParseAgentConfig(absl::string_view file,
                                             absl::string_view text,
                                             absl::string_view node_name) {
  AgentConfig config;
  std::set<std::string> names;
  std::set<std::string> paths;
  const auto take = [&paths](ConfigMapping& mapping, const std::string& path) {
    if (!path.empty() && !paths.insert(path).second) {
      mapping.Error("files",
                    absl::StrCat("\"", path, "\" is another certificate's"));
    }
  };
  ABSL_RETURN_IF_ERROR(service::ReadConfig(
      file, text, "signet.dev/v1alpha1", "NodeAgentConfiguration",
      [&](ConfigMapping& root) {
        root.Required("certificates");
        root.Mappings("certificates", [&](ConfigMapping& mapping) {
          CertificateConfig certificate =
              CertificateReader(mapping, node_name).Read();
          if (!certificate.name.empty() &&
              !names.insert(certificate.name).second) {
            mapping.Error("name", absl::StrCat("\"", certificate.name,
                                               "\" occurs twice"));
          }
          take(mapping, certificate.files.certificate);
          take(mapping, certificate.files.key);
          take(mapping, certificate.files.ca);
          config.certificates.push_back(std::move(certificate));
        });
      }));
  return config;
}

}  // namespace signet::node_agent
