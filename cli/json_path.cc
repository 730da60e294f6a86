#include "cli/json_path.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "boost/json.hpp"

namespace signet::cli {
namespace {

using boost::json::value;
using Values = std::vector<const value*>;

constexpr size_t kMaxTemplateBytes = 64 << 10;
constexpr int kMaxRanges = 16;

absl::Status Wrong(absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("error parsing jsonpath: ", what));
}

std::string ValueText(const value& v) {
  if (v.is_string()) return {v.get_string().data(), v.get_string().size()};
  if (v.is_null()) return "";
  if (v.is_double()) return absl::StrCat(v.get_double());
  return boost::json::serialize(v);
}

// A text in quotes at the front of `in`, with its escapes.
absl::StatusOr<std::string> TakeQuoted(absl::string_view* in) {
  const char quote = in->front();
  std::string out;
  for (size_t i = 1; i < in->size(); ++i) {
    const char c = (*in)[i];
    if (c == quote) {
      in->remove_prefix(i + 1);
      return out;
    }
    if (c != '\\' || i + 1 == in->size()) {
      out.push_back(c);
      continue;
    }
    const char escaped = (*in)[++i];
    out.push_back(escaped == 'n'   ? '\n'
                  : escaped == 't' ? '\t'
                  : escaped == 'r' ? '\r'
                                   : escaped);
  }
  return Wrong("unterminated quoted string");
}

// [?(@.a=="b")]
struct Filter {
  std::string path;  // After the @.
  std::string operation;
  std::string operand;
};

absl::StatusOr<Filter> ParseFilter(absl::string_view text) {
  Filter filter;
  absl::string_view rest = absl::StripAsciiWhitespace(text);
  if (!absl::ConsumePrefix(&rest, "@")) {
    return Wrong("a filter begins with @");
  }
  const size_t op = rest.find_first_of("=!<>");
  if (op == rest.npos) {
    filter.path = std::string(absl::StripAsciiWhitespace(rest));
    return filter;
  }
  filter.path = std::string(absl::StripAsciiWhitespace(rest.substr(0, op)));
  filter.operation = std::string(rest.substr(op, 2));
  if (filter.operation != "==" && filter.operation != "!=") {
    return absl::UnimplementedError("jsonpath: filters know == and != only");
  }
  rest = absl::StripAsciiWhitespace(rest.substr(op + 2));
  if (!rest.empty() && (rest[0] == '"' || rest[0] == '\'')) {
    ABSL_ASSIGN_OR_RETURN(filter.operand, TakeQuoted(&rest));
    if (!absl::StripAsciiWhitespace(rest).empty()) {
      return Wrong("text after a filter's operand");
    }
  } else {
    filter.operand = std::string(rest);
  }
  return filter;
}

absl::StatusOr<Values> Walk(absl::string_view path, const value& root,
                            const value& current);

absl::StatusOr<Values> ApplyFilter(const Filter& filter, const Values& values,
                                   const value& root) {
  Values kept;
  for (const value* list : values) {
    if (!list->is_array()) continue;
    for (const value& member : list->get_array()) {
      ABSL_ASSIGN_OR_RETURN(const Values found,
                            Walk(filter.path, root, member));
      bool keep = !found.empty();
      if (!filter.operation.empty()) {
        const bool equal =
            !found.empty() && ValueText(*found[0]) == filter.operand;
        keep = filter.operation == "==" ? equal : !equal;
      }
      if (keep) kept.push_back(&member);
    }
  }
  return kept;
}

Values Children(const Values& values) {
  Values children;
  for (const value* v : values) {
    if (v->is_array()) {
      for (const value& member : v->get_array()) children.push_back(&member);
    } else if (v->is_object()) {
      for (const auto& member : v->get_object()) {
        children.push_back(&member.value());
      }
    }
  }
  return children;
}

Values Member(const Values& values, absl::string_view name) {
  Values members;
  for (const value* v : values) {
    if (!v->is_object()) continue;
    const value* const found =
        v->get_object().if_contains({name.data(), name.size()});
    if (found != nullptr) members.push_back(found);
  }
  return members;
}

absl::StatusOr<Values> Bracket(absl::string_view inside, const Values& values,
                               const value& root) {
  inside = absl::StripAsciiWhitespace(inside);
  if (inside == "*") return Children(values);
  if (absl::ConsumePrefix(&inside, "?(")) {
    if (!absl::ConsumeSuffix(&inside, ")")) return Wrong("unterminated filter");
    ABSL_ASSIGN_OR_RETURN(const Filter filter, ParseFilter(inside));
    return ApplyFilter(filter, values, root);
  }
  if (!inside.empty() && (inside[0] == '\'' || inside[0] == '"')) {
    ABSL_ASSIGN_OR_RETURN(const std::string name, TakeQuoted(&inside));
    if (!inside.empty()) {
      return absl::UnimplementedError("jsonpath: unions are not supported");
    }
    return Member(values, name);
  }
  int64_t index;
  if (!absl::SimpleAtoi(inside, &index)) {
    return absl::UnimplementedError(
        absl::StrCat("jsonpath: [", inside,
                     "] is not supported (an index, *, a name in "
                     "quotes or a filter is)"));
  }
  Values members;
  for (const value* v : values) {
    if (!v->is_array()) continue;
    const auto& array = v->get_array();
    const int64_t size = static_cast<int64_t>(array.size());
    const int64_t at = index < 0 ? size + index : index;
    if (at < 0 || at >= size) {
      return Wrong(absl::StrCat("array index out of bounds: index ", index,
                                ", length ", size));
    }
    members.push_back(&array[static_cast<size_t>(at)]);
  }
  return members;
}

// The end of a [ ] at the front of `path`: quotes and brackets count.
size_t BracketEnd(absl::string_view path) {
  char quote = 0;
  int depth = 0;
  for (size_t i = 0; i < path.size(); ++i) {
    const char c = path[i];
    if (quote != 0) {
      if (c == '\\') {
        ++i;
      } else if (c == quote) {
        quote = 0;
      }
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '[') {
      ++depth;
    } else if (c == ']' && --depth == 0) {
      return i;
    }
  }
  return path.npos;
}

absl::StatusOr<Values> Walk(absl::string_view path, const value& root,
                            const value& current) {
  path = absl::StripAsciiWhitespace(path);
  Values values = {&current};
  if (absl::ConsumePrefix(&path, "$")) {
    values = {&root};
  } else {
    absl::ConsumePrefix(&path, "@");
  }
  bool first = true;
  while (!path.empty()) {
    if (path[0] == '[') {
      const size_t end = BracketEnd(path);
      if (end == path.npos) return Wrong("unterminated array");
      ABSL_ASSIGN_OR_RETURN(values,
                            Bracket(path.substr(1, end - 1), values, root));
      path.remove_prefix(end + 1);
    } else {
      if (!absl::ConsumePrefix(&path, ".") && !first) {
        return Wrong(absl::StrCat("unrecognized character in action: ",
                                  path.substr(0, 1)));
      }
      if (!path.empty() && path[0] == '.') {
        return absl::UnimplementedError("jsonpath: .. is not supported");
      }
      if (!path.empty() && path[0] == '[') continue;
      std::string name;
      size_t i = 0;
      for (; i < path.size() && path[i] != '.' && path[i] != '['; ++i) {
        if (path[i] == '\\' && i + 1 < path.size()) ++i;  // kubernetes\.io
        name.push_back(path[i]);
      }
      path.remove_prefix(i);
      if (name == "*") {
        values = Children(values);
      } else if (!name.empty()) {
        values = Member(values, name);
      }
    }
    first = false;
  }
  return values;
}

// One {…} or the text between two.
struct Node {
  enum class Kind { kText, kPath, kRange, kEnd } kind = Kind::kText;
  std::string text;
};

absl::StatusOr<std::vector<Node>> ParseTemplate(absl::string_view text) {
  if (text.find('{') == text.npos) {
    return std::vector<Node>{{Node::Kind::kPath, std::string(text)}};
  }
  std::vector<Node> nodes;
  while (!text.empty()) {
    const size_t open = text.find('{');
    if (open != 0) {
      nodes.push_back({Node::Kind::kText, std::string(text.substr(0, open))});
      if (open == text.npos) break;
      text.remove_prefix(open);
      continue;
    }
    char quote = 0;
    size_t close = 1;
    for (; close < text.size(); ++close) {
      const char c = text[close];
      if (quote != 0) {
        if (c == '\\') {
          ++close;
        } else if (c == quote) {
          quote = 0;
        }
      } else if (c == '"' || c == '\'') {
        quote = c;
      } else if (c == '}') {
        break;
      }
    }
    if (close >= text.size()) return Wrong("unclosed action");
    absl::string_view action =
        absl::StripAsciiWhitespace(text.substr(1, close - 1));
    text.remove_prefix(close + 1);
    if (action == "end") {
      nodes.push_back({Node::Kind::kEnd, ""});
    } else if (absl::ConsumePrefix(&action, "range")) {
      nodes.push_back({Node::Kind::kRange, std::string(action)});
    } else if (!action.empty() && (action[0] == '"' || action[0] == '\'')) {
      ABSL_ASSIGN_OR_RETURN(std::string literal, TakeQuoted(&action));
      nodes.push_back({Node::Kind::kText, literal});
    } else if (action.empty()) {
      return Wrong("unexpected end of action: {}");
    } else {
      nodes.push_back({Node::Kind::kPath, std::string(action)});
    }
  }
  return nodes;
}

// Writes nodes[*next..] up to the end, or to the {end} of the range they are
// in; *next is then behind it.
absl::Status Execute(const std::vector<Node>& nodes, const value& root,
                     const value& current, int depth, size_t* next,
                     std::string* out) {
  if (depth > kMaxRanges) return Wrong("too many ranges in each other");
  while (*next < nodes.size()) {
    const Node& node = nodes[(*next)++];
    switch (node.kind) {
      case Node::Kind::kText:
        *out += node.text;
        break;
      case Node::Kind::kPath: {
        ABSL_ASSIGN_OR_RETURN(const Values found,
                              Walk(node.text, root, current));
        absl::StrAppend(
            out, absl::StrJoin(found, " ", [](std::string* to, const value* v) {
              *to += ValueText(*v);
            }));
        break;
      }
      case Node::Kind::kRange: {
        ABSL_ASSIGN_OR_RETURN(const Values found,
                              Walk(node.text, root, current));
        const size_t body = *next;
        std::string nothing;  // Finds the {end} when there is nothing.
        if (found.empty()) {
          ABSL_RETURN_IF_ERROR(
              Execute(nodes, root, value(), depth + 1, next, &nothing));
        }
        for (const value* v : found) {
          *next = body;
          ABSL_RETURN_IF_ERROR(Execute(nodes, root, *v, depth + 1, next, out));
        }
        break;
      }
      case Node::Kind::kEnd:
        if (depth == 0) return Wrong("not in range, nothing to end");
        return absl::OkStatus();
    }
  }
  if (depth > 0) return Wrong("unterminated range");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> EvaluateJsonPath(absl::string_view path_template,
                                             absl::string_view json) {
  if (path_template.size() > kMaxTemplateBytes) {
    return Wrong("the template is too long");
  }
  boost::system::error_code error;
  const value root = boost::json::parse({json.data(), json.size()}, error);
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat("not JSON: ", error.message()));
  }
  ABSL_ASSIGN_OR_RETURN(const std::vector<Node> nodes,
                        ParseTemplate(path_template));
  std::string out;
  size_t next = 0;
  ABSL_RETURN_IF_ERROR(Execute(nodes, root, root, 0, &next, &out));
  return out;
}

}  // namespace signet::cli
