#include "ingest/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace riffle::ingest {
namespace {

constexpr unsigned kChunk = 256 << 10;

absl::Status cannot_open(const std::string& path, int error) {
  return absl::ErrnoToStatus(error, absl::StrCat("cannot open ", path, " for reading"));
}

}  // namespace

struct ByteSource::File {
  explicit File(gzFile f) : file(f), buffer(kChunk) {}
  ~File() { gzclose_r(file); }
  gzFile file;
  std::vector<char> buffer;
};

ByteSource::ByteSource(std::string path, std::unique_ptr<File> file)
    : path_(std::move(path)), file_(std::move(file)) {}
ByteSource::~ByteSource() = default;

absl::StatusOr<std::unique_ptr<ByteSource>> ByteSource::open(const std::string& path) {
  const bool standard_input = path == "-";
  const int descriptor =
      standard_input ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return cannot_open(path, errno);
  struct stat status {};
  if (::fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode)) {
    ::close(descriptor);
    return cannot_open(path, EISDIR);
  }
  const gzFile file = gzdopen(descriptor, "rb");
  if (file == nullptr) {
    ::close(descriptor);
    return cannot_open(path, ENOMEM);
  }
  gzbuffer(file, kChunk);
  return std::unique_ptr<ByteSource>(
      new ByteSource(standard_input ? "standard input" : path, std::make_unique<File>(file)));
}

absl::StatusOr<std::string_view> ByteSource::read() {
  const int got = gzread(file_->file, file_->buffer.data(), kChunk);
  if (got > 0) return std::string_view(file_->buffer.data(), static_cast<std::size_t>(got));
  int error = Z_OK;
  const char* text = gzerror(file_->file, &error);
  if (error == Z_OK || error == Z_STREAM_END) return std::string_view();
  if (error == Z_BUF_ERROR)
    return absl::DataLossError(absl::StrCat(
        path_,
        " is a gzip file that was cut short: it ends before its stream does; fetch it again"));
  if (error == Z_ERRNO) return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path_));
  return absl::DataLossError(
      absl::StrCat(path_, " is a corrupt gzip file (", text, "); fetch it again"));
}

}  // namespace riffle::ingest
