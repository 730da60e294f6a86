#ifndef SIGNET_CORE_TESTING_FILE_SYSTEM_CONTRACT_H_
#define SIGNET_CORE_TESTING_FILE_SYSTEM_CONTRACT_H_

#include "absl/strings/string_view.h"
#include "core/base/file_system.h"

namespace signet::testing {

// ExpectFileSystemContract checks, with gtest's expectations, that `files` does
// what core/base/file_system.h says, in the folder `root`, which must be empty.
// The real file system and the fake are both held to it.
void ExpectFileSystemContract(FileSystem& files, absl::string_view root);

}  // namespace signet::testing

#endif  // SIGNET_CORE_TESTING_FILE_SYSTEM_CONTRACT_H_
