#ifndef SIGNET_TOOLS_APISERVER_SQLITE_JOURNAL_H_
#define SIGNET_TOOLS_APISERVER_SQLITE_JOURNAL_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/apiserver/journal.h"

namespace signet::apiserver {

// Opens or creates the SQLite database at `path` as a journal. It keeps two
// files beside it; their folder should be the owner's alone. A write-ahead log,
// synced at every commit: what was acknowledged survives kill -9 and a loss of
// power. The file is locked while it is open: kFailedPrecondition if another
// process has it. kDataLoss if it is damaged or of another version.
absl::StatusOr<std::unique_ptr<Journal>> OpenSqliteJournal(
    absl::string_view path);

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_SQLITE_JOURNAL_H_
