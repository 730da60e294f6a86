#include "core/pki/uri.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/pki/ip_address.h"

// After Go's net/url: names of functions are Go's, so that the two can be read
// side by side.

namespace signet::pki {
namespace {

constexpr size_t npos = absl::string_view::npos;

enum class Part { kPath, kHost, kZone, kUserPassword, kFragment };

bool IsHex(char c) { return absl::ascii_isxdigit(static_cast<uint8_t>(c)); }

bool IsOneOf(char c, absl::string_view set) { return set.find(c) != npos; }

uint8_t Unhex(char c) {
  return static_cast<uint8_t>(
      absl::ascii_isdigit(static_cast<uint8_t>(c))
          ? c - '0'
          : absl::ascii_tolower(static_cast<uint8_t>(c)) - 'a' + 10);
}

bool ShouldEscape(char c, Part part) {
  if (absl::ascii_isalnum(static_cast<uint8_t>(c)) || IsOneOf(c, "-_.~")) {
    return false;
  }
  switch (part) {
    case Part::kPath:
      return !IsOneOf(c, "$&+,/:;=@");
    case Part::kHost:
    case Part::kZone:
      return !IsOneOf(c, "!\"$&'()*+,:;<=>[]");
    case Part::kUserPassword:
      return !IsOneOf(c, "$&+,;=");
    case Part::kFragment:
      return !IsOneOf(c, "!$&()*+,/:;=?@");
  }
  return true;
}

absl::Status Error(absl::string_view what) {
  return absl::InvalidArgumentError(what);
}

std::string Quote(absl::string_view text) {
  return absl::StrCat("\"", absl::CHexEscape(text), "\"");
}

absl::Status EscapeError(absl::string_view text) {
  return Error(absl::StrCat("invalid URL escape ", Quote(text.substr(0, 3))));
}

absl::StatusOr<std::string> Unescape(absl::string_view s, Part part) {
  std::string out;
  out.reserve(s.size());
  for (size_t i = 0; i < s.size(); ++i) {
    if (s[i] != '%') {
      if ((part == Part::kHost || part == Part::kZone) &&
          ShouldEscape(s[i], part)) {
        return Error(absl::StrCat("invalid character ", Quote(s.substr(i, 1)),
                                  " in host name"));
      }
      out.push_back(s[i]);
      continue;
    }
    if (i + 2 >= s.size() || !IsHex(s[i + 1]) || !IsHex(s[i + 2])) {
      return EscapeError(s.substr(i));
    }
    const char c = static_cast<char>(Unhex(s[i + 1]) << 4 | Unhex(s[i + 2]));
    const bool percent = s.substr(i, 3) == "%25";
    if (part == Part::kHost && Unhex(s[i + 1]) < 8 && !percent) {
      return EscapeError(s.substr(i));
    }
    if (part == Part::kZone && !percent && c != ' ' &&
        ShouldEscape(c, Part::kHost)) {
      return EscapeError(s.substr(i));
    }
    out.push_back(c);
    i += 2;
  }
  return out;
}

std::string Escape(absl::string_view s, Part part) {
  constexpr absl::string_view kUpperHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : s) {
    if (ShouldEscape(c, part)) {
      out.push_back('%');
      out.push_back(kUpperHex[static_cast<uint8_t>(c) >> 4]);
      out.push_back(kUpperHex[c & 15]);
    } else {
      out.push_back(c);
    }
  }
  return out;
}

// ValidEncoded tells whether `s` may stand as it is, with its escapes.
bool ValidEncoded(absl::string_view s, Part part) {
  return std::all_of(s.begin(), s.end(), [part](char c) {
    return IsOneOf(c, "!$&'()*+,;=:@[]%") || !ShouldEscape(c, part);
  });
}

// Reescape returns `s` if it is a valid encoding of what it decodes to, and
// the usual encoding of that otherwise.
absl::StatusOr<std::string> Reescape(absl::string_view s, Part part) {
  ABSL_ASSIGN_OR_RETURN(const std::string decoded, Unescape(s, part));
  // Go has this one exception, for the path of "OPTIONS *".
  if (part == Part::kPath && s == "%2A") return "*";
  if (ValidEncoded(s, part)) return std::string(s);
  return Escape(decoded, part);
}

bool ValidOptionalPort(absl::string_view port) {
  if (port.empty()) return true;
  if (port[0] != ':') return false;
  port.remove_prefix(1);
  return std::all_of(port.begin(), port.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<uint8_t>(c));
  });
}

absl::Status InvalidPort(absl::string_view port) {
  return Error(absl::StrCat("invalid port ", Quote(port), " after host"));
}

// ParseHost returns host[:port] unescaped.
absl::StatusOr<std::string> ParseHost(absl::string_view scheme,
                                      absl::string_view host) {
  const size_t open = host.rfind('[');
  if (open != npos && open > 0) return Error("invalid IP-literal");
  if (open == 0) {
    const size_t close = host.rfind(']');
    if (close == npos) return Error("missing ']' in host");
    const absl::string_view port = host.substr(close + 1);
    if (!ValidOptionalPort(port)) return InvalidPort(port);
    const absl::string_view name = host.substr(1, close - 1);
    // "%25" starts the zone of a scoped address (RFC 6874).
    const size_t zone_start = name.find("%25");
    ABSL_ASSIGN_OR_RETURN(const std::string address,
                          Unescape(name.substr(0, zone_start), Part::kHost));
    std::string zone;
    if (zone_start != npos) {
      ABSL_ASSIGN_OR_RETURN(zone,
                            Unescape(name.substr(zone_start), Part::kZone));
    }
    // Go's netip.ParseAddr takes the zone too: "%" and anything.
    const std::string text = address + zone;
    const size_t percent = text.find('%');
    if (text.find(':') == npos || percent == text.size() - 1 ||
        !IpAddress::Parse(text.substr(0, percent)).ok()) {
      return Error("invalid host: not an IPv6 address");
    }
    return absl::StrCat("[", text, "]", port);
  }
  const size_t first_colon = host.find(':');
  if (first_colon != npos) {
    // More colons than one: some databases' lists of hosts.
    const bool strict = scheme == "http" || scheme == "https";
    const absl::string_view port =
        host.substr(strict ? first_colon : host.rfind(':'));
    if (!ValidOptionalPort(port)) return InvalidPort(port);
  }
  return Unescape(host, Part::kHost);
}

// UserInfo returns user[:password] as Go writes it, from `text`.
absl::StatusOr<std::string> UserInfo(absl::string_view text) {
  if (!std::all_of(text.begin(), text.end(), [](char c) {
        return absl::ascii_isalnum(static_cast<uint8_t>(c)) ||
               IsOneOf(c, "-._:~!$&'()*+,;=%@");
      })) {
    return Error("net/url: invalid userinfo");
  }
  const size_t colon = text.find(':');
  ABSL_ASSIGN_OR_RETURN(const std::string user,
                        Unescape(text.substr(0, colon), Part::kUserPassword));
  std::string out = Escape(user, Part::kUserPassword);
  if (colon == npos) return out;
  ABSL_ASSIGN_OR_RETURN(const std::string password,
                        Unescape(text.substr(colon + 1), Part::kUserPassword));
  return absl::StrCat(out, ":", Escape(password, Part::kUserPassword));
}

// GetScheme cuts "scheme:" off the front of `rest`.
absl::Status GetScheme(absl::string_view* rest, std::string* scheme) {
  for (size_t i = 0; i < rest->size(); ++i) {
    const auto c = static_cast<uint8_t>((*rest)[i]);
    if (absl::ascii_isalpha(c)) continue;
    if (absl::ascii_isdigit(c) || c == '+' || c == '-' || c == '.') {
      if (i == 0) break;
      continue;
    }
    if (c != ':') break;
    if (i == 0) return Error("missing protocol scheme");
    *scheme = absl::AsciiStrToLower(rest->substr(0, i));
    rest->remove_prefix(i + 1);
    break;
  }
  return absl::OkStatus();
}

// Normalize is url.Parse and URL.String for a URI without fragment.
absl::StatusOr<std::string> Normalize(absl::string_view uri) {
  if (std::any_of(uri.begin(), uri.end(), [](char c) {
        return absl::ascii_iscntrl(static_cast<uint8_t>(c));
      })) {
    return Error("net/url: invalid control character in URL");
  }
  if (uri == "*") return std::string(uri);
  absl::string_view rest = uri;
  std::string scheme;
  ABSL_RETURN_IF_ERROR(GetScheme(&rest, &scheme));
  std::string query;  // With its "?".
  if (const size_t mark = rest.find('?'); mark != npos) {
    query = std::string(rest.substr(mark));
    rest = rest.substr(0, mark);
  }
  std::string out;
  if (!scheme.empty()) absl::StrAppend(&out, scheme, ":");
  if (!rest.starts_with('/')) {
    if (!scheme.empty()) return absl::StrCat(out, rest, query);  // Opaque.
    if (rest.substr(0, rest.find('/')).find(':') != npos) {
      return Error("first path segment in URL cannot contain colon");
    }
  }
  std::optional<std::string> user;
  std::string host;
  bool omit_host = false;
  if (rest.starts_with("//") && (!scheme.empty() || !rest.starts_with("///"))) {
    absl::string_view authority = rest.substr(2);
    const size_t slash = authority.find('/');
    rest = slash == npos ? absl::string_view() : authority.substr(slash);
    authority = authority.substr(0, slash);
    const size_t at = authority.rfind('@');
    ABSL_ASSIGN_OR_RETURN(
        host,
        ParseHost(scheme, at == npos ? authority : authority.substr(at + 1)));
    if (at != npos) {
      ABSL_ASSIGN_OR_RETURN(user, UserInfo(authority.substr(0, at)));
    }
  } else if (!scheme.empty() && rest.starts_with('/')) {
    omit_host = true;
  }
  ABSL_ASSIGN_OR_RETURN(const std::string path, Reescape(rest, Part::kPath));
  if (!host.empty() && !IsDomainName(host, /*constraint=*/false))
    return Error("invalid domain");

  if (!scheme.empty() || !host.empty() || user.has_value()) {
    if (!omit_host || !host.empty() || user.has_value()) {
      if (!host.empty() || !path.empty() || user.has_value()) out += "//";
      if (user.has_value()) absl::StrAppend(&out, *user, "@");
      out += Escape(host, Part::kHost);
    }
  }
  if (out.empty() && path.substr(0, path.find('/')).find(':') != npos) {
    out += "./";
  }
  return absl::StrCat(out, path, query);
}

}  // namespace

absl::StatusOr<std::string> NormalizeUri(absl::string_view uri) {
  const auto fail = [uri](const absl::Status& why) {
    return absl::InvalidArgumentError(
        absl::StrCat("x509: cannot parse URI ", Quote(uri), ": parse ",
                     Quote(uri), ": ", why.message()));
  };
  const size_t hash = uri.find('#');
  absl::StatusOr<std::string> out = Normalize(uri.substr(0, hash));
  if (!out.ok()) return fail(out.status());
  if (hash == npos || hash + 1 == uri.size()) return out;
  absl::StatusOr<std::string> fragment =
      Reescape(uri.substr(hash + 1), Part::kFragment);
  if (!fragment.ok()) return fail(fragment.status());
  return absl::StrCat(*out, "#", *fragment);
}

bool IsDomainName(absl::string_view name, bool constraint) {
  if (name.empty()) return true;
  if (name.back() == '.') return false;
  if (constraint && name.front() == '.') name.remove_prefix(1);
  char previous = '.';
  for (const char c : name) {
    if (c < 33 || c > 126 || (c == '.' && previous == '.')) return false;
    previous = c;
  }
  return !name.empty();
}

}  // namespace signet::pki
