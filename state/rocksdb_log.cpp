#include "state/rocksdb_log.h"

#include <rocksdb/env.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <utility>

#include "base/log.h"

namespace riffle::state {
namespace {

class ForwardingLogger final : public rocksdb::Logger {
 public:
  explicit ForwardingLogger(std::string directory)
      : rocksdb::Logger(rocksdb::InfoLogLevel::WARN_LEVEL), directory_(std::move(directory)) {}

  void LogHeader(const char*, va_list) override {}  // the options, line by line
  void Logv(const char* format, va_list arguments) override {
    Logv(rocksdb::InfoLogLevel::WARN_LEVEL, format, arguments);
  }
  void Logv(const rocksdb::InfoLogLevel level, const char* format, va_list arguments) override {
    if (level < GetInfoLogLevel() || level == rocksdb::InfoLogLevel::HEADER_LEVEL) return;
    std::array<char, 1024> text{};  // what is longer is cut
    std::vsnprintf(text.data(), text.size(), format, arguments);
    if (level >= rocksdb::InfoLogLevel::ERROR_LEVEL) {
      log::error("rocksdb {}: {}", directory_, text.data());
    } else {
      // What matters of them comes back as a status too; the rest is routine, such as checkpoints.
      log::debug("rocksdb {}: {}", directory_, text.data());
    }
  }

 private:
  const std::string directory_;
};

}  // namespace

std::shared_ptr<rocksdb::Logger> rocksdb_log(std::string directory) {
  return std::make_shared<ForwardingLogger>(std::move(directory));
}

}  // namespace riffle::state
