#ifndef SIGNET_CLI_OUTPUT_FILES_H_
#define SIGNET_CLI_OUTPUT_FILES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/base/file_system.h"
#include "core/base/rng.h"
#include "core/base/secret.h"

namespace signet::cli {

// Modes of what is written, before the umask.
inline constexpr uint32_t kPublicMode = 0644;
inline constexpr uint32_t kKeyMode = 0600;

// OutputFiles writes the files of one command, all or none: each is written
// whole beside its place first, then all are put there by rename. Until Write
// nothing is on disk, and if it fails no file has changed (a rename that fails
// after another one worked apart). A file that exists and is no regular file
// (a terminal, a symbolic link) is written through.
class OutputFiles {
 public:
  // `files` and `rng`, which draws the temporary names, must outlive this.
  OutputFiles(FileSystem& files, Rng& rng) : files_(files), rng_(rng) {}

  void Add(absl::string_view path, absl::string_view data, uint32_t mode);

  // kAlreadyExists, naming the file, if one exists and `overwrite` is false:
  // nothing is written then.
  absl::Status Write(bool overwrite);

 private:
  struct File {
    std::string path;
    Secret data;  // It may be a key.
    uint32_t mode;
    std::string temporary;  // Once written; empty: written in place.
  };
  absl::Status WriteBeside(File& file);

  FileSystem& files_;
  Rng& rng_;
  std::vector<File> files_to_write_;
};

}  // namespace signet::cli

#endif  // SIGNET_CLI_OUTPUT_FILES_H_
