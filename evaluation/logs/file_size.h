// How many bytes a log's file will give, for progress.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace riffle::evaluation {

// 0 where it cannot be told beforehand: standard input, a pipe, gzip.
inline std::size_t plain_size(const std::string& path) {
  std::error_code error;
  if (path == "-" || path.ends_with(".gz") || !std::filesystem::is_regular_file(path, error))
    return 0;
  const auto size = std::filesystem::file_size(path, error);
  return error ? 0 : static_cast<std::size_t>(size);
}

}  // namespace riffle::evaluation
