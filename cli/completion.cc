#include "cli/completion.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace signet::cli {
namespace {

struct Flag {
  std::vector<std::string> names;  // "-o", "--output".
  std::string value;               // What it wants; "" for a switch.
  std::string help;
  bool required = false;
};

struct Node {
  std::vector<std::string> path;  // {"signet", "csr", "get"}
  std::string help, footer;
  std::vector<std::string> children, aliases;
  std::vector<std::string> arguments;
  std::vector<Flag> flags;
};

std::vector<Flag> FlagsOf(const CLI::App& app) {
  std::vector<Flag> flags;
  for (const CLI::Option* option : app.get_options()) {
    if (option->nonpositional()) {
      Flag flag;
      for (const std::string& name : option->get_snames()) {
        flag.names.push_back("-" + name);
      }
      for (const std::string& name : option->get_lnames()) {
        flag.names.push_back("--" + name);
      }
      if (option->get_items_expected_max() > 0) {
        flag.value = option->get_type_name();
      }
      flag.help = option->get_description();
      flag.required = option->get_required();
      flags.push_back(std::move(flag));
    }
  }
  return flags;
}

void Collect(CLI::App& app, std::vector<std::string> path,
             std::vector<Node>* nodes) {
  Node node;
  path.push_back(app.get_name());
  node.path = path;
  node.help = app.get_description();
  node.footer = app.get_footer();
  node.aliases = app.get_aliases();
  node.flags = FlagsOf(app);
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) {
      node.arguments.push_back(
          option->get_required()
              ? option->get_name(true)
              : absl::StrCat("[", option->get_name(true), "]"));
    }
  }
  const std::vector<CLI::App*> children =
      app.get_subcommands([](CLI::App*) { return true; });
  for (const CLI::App* child : children) {
    node.children.push_back(child->get_name());
    for (const std::string& alias : child->get_aliases()) {
      node.children.push_back(alias);
    }
  }
  nodes->push_back(std::move(node));
  for (CLI::App* child : children) Collect(*child, path, nodes);
}

std::vector<Node> NodesOf(CLI::App& app) {
  std::vector<Node> nodes;
  Collect(app, {}, &nodes);
  return nodes;
}

// "csr get", "csr list"; "" for the program itself.
std::vector<std::string> KeysOf(const Node& node) {
  std::vector<std::string> keys = {
      absl::StrJoin(node.path.begin() + 1, node.path.end(), " ")};
  for (const std::string& alias : node.aliases) {
    std::vector<std::string> path(node.path.begin() + 1, node.path.end());
    path.back() = alias;
    keys.push_back(absl::StrJoin(path, " "));
  }
  return keys;
}

std::string Words(const Node& node) {
  std::vector<std::string> words = node.children;
  for (const Flag& flag : node.flags) {
    words.insert(words.end(), flag.names.begin(), flag.names.end());
  }
  return absl::StrJoin(words, " ");
}

// Text in single quotes for a shell.
std::string Quoted(absl::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

std::string Roff(absl::string_view text) {
  std::string out = absl::StrReplaceAll(text, {{"\\", "\\e"}, {"-", "\\-"}});
  std::vector<std::string> lines;
  for (const absl::string_view line : absl::StrSplit(out, '\n')) {
    const bool special =
        absl::StartsWith(line, ".") || absl::StartsWith(line, "'");
    lines.push_back(absl::StrCat(special ? "\\&" : "", line));
  }
  return absl::StrJoin(lines, "\n");
}

}  // namespace

std::string BashCompletion(CLI::App& app) {
  std::string cases;
  for (const Node& node : NodesOf(app)) {
    std::vector<std::string> keys;
    for (const std::string& key : KeysOf(node)) keys.push_back(Quoted(key));
    absl::StrAppend(&cases, "    ", absl::StrJoin(keys, " | "),
                    ") words=", Quoted(Words(node)), " ;;\n");
  }
  return absl::StrCat(R"(# Completion of signet for bash. Load it with
#   source <(signet completion bash)
_signet() {
  local word path= words= candidate
  COMPREPLY=()
  local current=${COMP_WORDS[COMP_CWORD]}
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == -* ]] && continue
    candidate=${path:+$path }$word
    _signet_words "$candidate" && path=$candidate
  done
  _signet_words "$path"
  [[ -n $words ]] && COMPREPLY=($(compgen -W "$words" -- "$current"))
  [[ ${#COMPREPLY[@]} -eq 0 ]] && COMPREPLY=($(compgen -f -- "$current"))
  return 0
}
_signet_words() {
  case $1 in
)",
                      cases, R"(    *) return 1 ;;
  esac
}
complete -o filenames -F _signet signet
)");
}

std::string ZshCompletion(CLI::App& app) {
  std::string cases;
  for (const Node& node : NodesOf(app)) {
    std::vector<std::string> keys;
    for (const std::string& key : KeysOf(node)) keys.push_back(Quoted(key));
    absl::StrAppend(&cases, "    ", absl::StrJoin(keys, " | "), ") reply=(",
                    Words(node), ") ;;\n");
  }
  return absl::StrCat(R"(#compdef signet
# Completion of signet for zsh. Write it to a file _signet in a folder of $fpath,
# or load it with   source <(signet completion zsh)
_signet_words() {
  case $1 in
)",
                      cases, R"(    *) return 1 ;;
  esac
}
_signet() {
  local word path_= candidate
  local -a reply
  for word in ${words[2,CURRENT-1]}; do
    [[ $word == -* ]] && continue
    candidate=${path_:+$path_ }$word
    _signet_words "$candidate" && path_=$candidate
  done
  _signet_words "$path_"
  compadd -- $reply
  _files
}
if [[ ${funcstack[1]} == _signet ]]; then _signet "$@"; else compdef _signet signet; fi
)");
}

std::string FishCompletion(CLI::App& app) {
  std::string out =
      R"(# Completion of signet for fish. Load it with
#   signet completion fish | source
function __signet_path
    set -l path
    for word in (commandline -opc)[2..-1]
        string match -q -- '-*' $word; and continue
        set -a path $word
    end
    test (string join ' ' -- $path) = "$argv[1]"
end
function __signet_under
    set -l path
    for word in (commandline -opc)[2..-1]
        string match -q -- '-*' $word; and continue
        set -a path $word
    end
    string match -q -- "$argv[1]*" (string join ' ' -- $path)
end
)";
  for (const Node& node : NodesOf(app)) {
    for (const std::string& key : KeysOf(node)) {
      if (!node.children.empty()) {
        absl::StrAppend(&out, "complete -c signet -n \"__signet_path ",
                        Quoted(key), "\" -f -a ",
                        Quoted(absl::StrJoin(node.children, " ")), "\n");
      }
      for (const Flag& flag : node.flags) {
        absl::StrAppend(&out, "complete -c signet -n \"__signet_under ",
                        Quoted(key), "\"");
        for (const std::string& name : flag.names) {
          if (absl::StartsWith(name, "--")) {
            absl::StrAppend(&out, " -l ", name.substr(2));
          } else {
            absl::StrAppend(&out, " -s ", name.substr(1));
          }
        }
        absl::StrAppend(&out, flag.value.empty() ? "" : " -r", " -d ",
                        Quoted(flag.help), "\n");
      }
    }
  }
  return out;
}

std::string ManPage(CLI::App& app, absl::string_view version) {
  const std::vector<Node> nodes = NodesOf(app);
  std::string out = absl::StrCat(
      ".TH SIGNET 1 \"\" \"signet ", version, "\" \"User Commands\"\n",
      ".SH NAME\nsignet \\- Kubernetes TLS certificates from the command line\n"
      ".SH SYNOPSIS\n.B signet\n.I COMMAND\n[\\fIFLAGS\\fR] "
      "[\\fIARGUMENTS\\fR]\n.SH DESCRIPTION\n",
      Roff(nodes[0].help), "\n.SH COMMANDS\n");
  for (const Node& node : nodes) {
    const bool is_group = !node.children.empty() && node.path.size() > 1;
    if (is_group) continue;
    if (node.path.size() > 1) {
      absl::StrAppend(&out, ".SS ", Roff(absl::StrJoin(node.path, " ")));
      for (const std::string& argument : node.arguments) {
        absl::StrAppend(&out, " ", Roff(argument));
      }
      absl::StrAppend(&out, "\n", Roff(node.help), ".\n");
    } else {
      absl::StrAppend(&out, ".SS Flags of every command that asks a cluster\n");
    }
    for (const Flag& flag : node.flags) {
      absl::StrAppend(
          &out, ".TP\n.B ", Roff(absl::StrJoin(flag.names, ", ")),
          flag.value.empty() ? ""
                             : absl::StrCat(" \\fI", Roff(flag.value), "\\fR"),
          "\n", Roff(flag.help), flag.required ? " (required)" : "", "\n");
    }
    if (!node.footer.empty() && node.path.size() > 1) {
      absl::StrAppend(&out, ".PP\n.nf\n", Roff(node.footer), "\n.fi\n");
    }
  }
  absl::StrAppend(&out,
                  ".SH EXIT STATUS\n.TP\n.B 0\nAll went well.\n"
                  ".TP\n.B 1\nSomething failed, or is not as it should "
                  "be; one line on standard error says what.\n"
                  ".TP\n.B 2\nThe command line makes no sense.\n"
                  ".SH EXAMPLES\n.nf\n",
                  Roff(nodes[0].footer), "\n.fi\n");
  return out;
}

}  // namespace signet::cli
