#include "cli/output_files.h"

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/base/file_system.h"
#include "core/base/rng.h"
#include "core/base/secret.h"

namespace signet::cli {

void OutputFiles::Add(absl::string_view path, absl::string_view data,
                      uint32_t mode) {
  files_to_write_.push_back({std::string(path), Secret(data), mode, ""});
}

absl::Status OutputFiles::WriteBeside(File& file) {
  const absl::StatusOr<FileInfo> there = files_.LinkStat(file.path);
  if (there.ok() && there->type == FileType::kDirectory) {
    return absl::FailedPreconditionError(
        absl::StrCat(file.path, " is a directory"));
  }
  if (there.ok() && there->type != FileType::kRegular) return absl::OkStatus();
  std::array<uint8_t, 6> random;
  rng_.Fill(absl::MakeSpan(random));
  const std::string temporary = absl::StrCat(
      file.path, ".",
      absl::BytesToHexString(absl::string_view(
          reinterpret_cast<const char*>(random.data()), random.size())),
      ".tmp");
  if (absl::Status status =
          files_.Create(temporary, file.data.Reveal(), file.mode);
      !status.ok()) {
    // It names the temporary file; a user knows the other one. What is left of
    // it (a full disk) goes.
    if (!absl::IsAlreadyExists(status)) {
      files_.Remove(temporary).IgnoreError();
    }
    return absl::Status(status.code(), absl::StrCat("cannot write ", file.path,
                                                    ": ", status.message()));
  }
  file.temporary = temporary;
  return absl::OkStatus();
}

absl::Status OutputFiles::Write(bool overwrite) {
  if (!overwrite) {
    for (const File& file : files_to_write_) {
      const absl::StatusOr<FileInfo> there = files_.LinkStat(file.path);
      if (there.ok() && there->type != FileType::kOther) {
        return absl::AlreadyExistsError(
            absl::StrCat(file.path, " exists already; --force overwrites it"));
      }
    }
  }
  absl::Status status;
  for (File& file : files_to_write_) {
    status = WriteBeside(file);
    if (!status.ok()) break;
  }
  for (File& file : files_to_write_) {
    if (!status.ok()) break;
    if (file.temporary.empty()) {
      status = files_.Write(file.path, file.data.Reveal(), file.mode);
    } else {
      status = files_.Rename(file.temporary, file.path);
      if (status.ok()) file.temporary.clear();
    }
  }
  for (const File& file : files_to_write_) {
    if (!file.temporary.empty()) files_.Remove(file.temporary).IgnoreError();
  }
  return status;
}

}  // namespace signet::cli
