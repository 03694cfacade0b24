// Files for the readers' tests: made on the spot, or the shared data where it is there.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace riffle::ingest::testing_files {

// A directory of this test's own, gone with the object.
class Directory {
 public:
  Directory() {
    std::string name = (std::filesystem::temp_directory_path() / "riffle-ingest-XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  std::string plain(const std::string& name, const std::string& content) const {
    const std::string path = path_ / name;
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }
  std::string gzip(const std::string& name, const std::string& content) const {
    const std::string path = path_ / name;
    const gzFile file = gzopen(path.c_str(), "wb");
    EXPECT_EQ(gzwrite(file, content.data(), static_cast<unsigned>(content.size())),
              static_cast<int>(content.size()));
    gzclose(file);
    return path;
  }
  std::string path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The folder of real data: $RIFFLE_SHARED, else shared/ beside the source tree. Empty where there
// is none.
inline std::string shared_data() {
  const char* set = std::getenv("RIFFLE_SHARED");
  const std::string root = set != nullptr ? set : std::string(RIFFLE_SOURCE_DIR) + "/../shared";
  return std::filesystem::exists(root + "/data") ? root + "/data" : "";
}

}  // namespace riffle::ingest::testing_files

#define RIFFLE_NEEDS_SHARED_DATA(variable)                                     \
  const std::string variable = ::riffle::ingest::testing_files::shared_data(); \
  if (variable.empty()) GTEST_SKIP() << "no shared data: set RIFFLE_SHARED to its folder"
