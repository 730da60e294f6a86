#include "tools/apiserver/sqlite_journal.h"

#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "tools/apiserver/journal.h"

namespace signet::apiserver {
namespace {

constexpr int kSchemaVersion = 1;

struct CloseDatabase {
  void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
  }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

class SqliteJournal : public Journal {
 public:
  SqliteJournal(std::string path, Database db)
      : path_(std::move(path)), db_(std::move(db)) {}

  absl::Status Init() {
    ABSL_RETURN_IF_ERROR(Run("PRAGMA locking_mode = EXCLUSIVE"));
    ABSL_RETURN_IF_ERROR(Run("PRAGMA journal_mode = WAL"));
    ABSL_RETURN_IF_ERROR(Run("PRAGMA synchronous = FULL"));
    ABSL_ASSIGN_OR_RETURN(Statement version, Prepare("PRAGMA user_version"));
    if (sqlite3_step(version.get()) != SQLITE_ROW) return Error("read version");
    const int found = sqlite3_column_int(version.get(), 0);
    version.reset();
    if (found == 0) {
      ABSL_RETURN_IF_ERROR(
          Run(absl::StrCat("BEGIN IMMEDIATE;"
                           "CREATE TABLE objects (resource TEXT NOT NULL,"
                           " namespace TEXT NOT NULL, name TEXT NOT NULL,"
                           " revision INTEGER NOT NULL, bytes BLOB NOT NULL,"
                           " PRIMARY KEY (resource, namespace, name))"
                           " WITHOUT ROWID;"
                           "CREATE TABLE latest (revision INTEGER NOT NULL);"
                           "INSERT INTO latest VALUES (0);"
                           "PRAGMA user_version = ",
                           kSchemaVersion, "; COMMIT")));
    } else if (found != kSchemaVersion) {
      return absl::DataLossError(absl::StrCat(
          path_, ": database version ", found, ", want ", kSchemaVersion));
    }
    ABSL_ASSIGN_OR_RETURN(
        put_, Prepare("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?)"));
    ABSL_ASSIGN_OR_RETURN(remove_,
                          Prepare("DELETE FROM objects WHERE resource = ?"
                                  " AND namespace = ? AND name = ?"));
    ABSL_ASSIGN_OR_RETURN(set_latest_,
                          Prepare("UPDATE latest SET revision = ?"));
    return absl::OkStatus();
  }

  absl::Status Put(const ObjectKey& key, int64_t revision,
                   absl::string_view bytes) override {
    return Commit(revision, [&] {
      sqlite3_stmt* statement = put_.get();
      BindKey(statement, key);
      sqlite3_bind_int64(statement, 4, revision);
      // SQLITE_STATIC: the bytes outlive the step.
      sqlite3_bind_blob64(statement, 5, bytes.data(), bytes.size(),
                          SQLITE_STATIC);
      return Step(statement);
    });
  }

  absl::Status Remove(const ObjectKey& key, int64_t revision) override {
    return Commit(revision, [&] {
      BindKey(remove_.get(), key);
      return Step(remove_.get());
    });
  }

  absl::Status Load(const std::function<absl::Status(
                        const ObjectKey&, int64_t, absl::string_view)>& object,
                    int64_t* revision) override {
    ABSL_ASSIGN_OR_RETURN(
        Statement all,
        Prepare("SELECT resource, namespace, name, revision, bytes"
                " FROM objects"));
    int code = SQLITE_ROW;
    while ((code = sqlite3_step(all.get())) == SQLITE_ROW) {
      const ObjectKey key{Column(all.get(), 0), Column(all.get(), 1),
                          Column(all.get(), 2)};
      ABSL_RETURN_IF_ERROR(
          object(key, sqlite3_column_int64(all.get(), 3), Column(all.get(), 4)))
          << path_;
    }
    if (code != SQLITE_DONE) return Error("read objects");
    ABSL_ASSIGN_OR_RETURN(Statement latest,
                          Prepare("SELECT revision FROM latest"));
    if (sqlite3_step(latest.get()) != SQLITE_ROW) {
      return Error("read the latest revision");
    }
    *revision = sqlite3_column_int64(latest.get(), 0);
    return absl::OkStatus();
  }

 private:
  static std::string Column(sqlite3_stmt* statement, int column) {
    const void* data = sqlite3_column_blob(statement, column);
    const int size = sqlite3_column_bytes(statement, column);
    return data == nullptr ? std::string()
                           : std::string(static_cast<const char*>(data),
                                         static_cast<size_t>(size));
  }

  static void BindKey(sqlite3_stmt* statement, const ObjectKey& key) {
    const std::string* parts[] = {&key.resource, &key.namespace_name,
                                  &key.name};
    for (int i = 0; i < 3; ++i) {
      sqlite3_bind_text64(statement, i + 1, parts[i]->data(), parts[i]->size(),
                          SQLITE_STATIC, SQLITE_UTF8);
    }
  }

  static int Step(sqlite3_stmt* statement) {
    const int code = sqlite3_step(statement);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
  }

  // Runs `change` and numbers it, both or neither.
  absl::Status Commit(int64_t revision, const std::function<int()>& change) {
    ABSL_RETURN_IF_ERROR(broken_);
    ABSL_RETURN_IF_ERROR(Run("BEGIN IMMEDIATE"));
    int code = change();
    if (code == SQLITE_OK) {
      sqlite3_bind_int64(set_latest_.get(), 1, revision);
      code = Step(set_latest_.get());
    }
    absl::Status status = code == SQLITE_OK ? Run("COMMIT") : Error("write");
    if (status.ok()) return status;
    const bool rolled_back = Run("ROLLBACK").ok();
    // When the commit itself failed, nobody knows what the disk holds.
    if (!rolled_back || !absl::IsResourceExhausted(status)) {
      broken_ = absl::InternalError(
          absl::StrCat("no more writes after: ", status.message()));
    }
    return status;
  }

  absl::StatusOr<Statement> Prepare(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(db_.get(), sql.c_str(), -1, &statement, nullptr) !=
        SQLITE_OK) {
      return Error("prepare");
    }
    return Statement(statement);
  }

  absl::Status Run(const std::string& sql) {
    if (sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr) !=
        SQLITE_OK) {
      return Error("write");
    }
    return absl::OkStatus();
  }

  absl::Status Error(absl::string_view what) {
    const std::string text =
        absl::StrCat(path_, ": ", what, ": ", sqlite3_errmsg(db_.get()));
    switch (sqlite3_errcode(db_.get()) & 0xFF) {
      case SQLITE_FULL:
      case SQLITE_TOOBIG:
        return absl::ResourceExhaustedError(text);
      case SQLITE_BUSY:
      case SQLITE_LOCKED:
        return absl::FailedPreconditionError(
            absl::StrCat(text, ": does another process use it?"));
      case SQLITE_CORRUPT:
      case SQLITE_NOTADB:
        return absl::DataLossError(text);
      default:
        return absl::InternalError(text);
    }
  }

  const std::string path_;
  const Database db_;  // Before the statements: they go first.
  Statement put_, remove_, set_latest_;
  absl::Status broken_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Journal>> OpenSqliteJournal(
    absl::string_view path) {
  const std::string file(path);
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(
      file.c_str(), &raw,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
      nullptr);
  Database db(raw);
  auto journal = std::make_unique<SqliteJournal>(file, std::move(db));
  if (code != SQLITE_OK) {
    return absl::InternalError(absl::StrCat(
        file, ": ", raw == nullptr ? "out of memory" : sqlite3_errmsg(raw)));
  }
  ABSL_RETURN_IF_ERROR(journal->Init());
  return journal;
}

}  // namespace signet::apiserver
