// The bytes of a file, or of standard input ("-"), decompressed where they are gzip (RFC 1952,
// several members in a row too). One thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace riffle::ingest {

class ByteSource {
 public:
  // kNotFound, kPermissionDenied …, with the path.
  static absl::StatusOr<std::unique_ptr<ByteSource>> open(const std::string& path);
  ~ByteSource();

  // The next bytes, valid until the next call; empty at the end. kDataLoss where a gzip stream is
  // corrupt or was cut short: what came before was good.
  absl::StatusOr<std::string_view> read();
  const std::string& path() const { return path_; }

 private:
  struct File;
  ByteSource(std::string path, std::unique_ptr<File> file);

  std::string path_;
  std::unique_ptr<File> file_;
};

}  // namespace riffle::ingest
