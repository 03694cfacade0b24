// A power cut: of what a killed program wrote, only what it synced is there for sure. The program runs under
// sync_recorder.cpp, which says what that is; of the rest each file keeps a part, by chance none or all of it,
// and its end may be torn: zeroes or garbage where the blocks had not been written. A file that was never synced may
// be gone. Names are taken to change in their order (renames and removals happen as they were called), as journaling file
// systems do it.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/rng.h"
#include "sync_record.h"

namespace riffle::crash {

class PowerCut {
 public:
  // `directories`: all that the program writes to. `log`: the recorder's.
  PowerCut(std::vector<std::string> directories, std::string log)
      : directories_(std::move(directories)), log_(std::move(log)) {}

  // What the program is started with.
  std::vector<std::string> environment() const {
    return {"LD_PRELOAD=" RIFFLE_SYNC_RECORDER, "RIFFLE_SYNC_LOG=" + log_};
  }

  // Before a start: all that is there has been there for long.
  void begin() {
    durable_.clear();
    std::filesystem::remove(log_);
    for (const auto& [path, file] : files()) durable_[file.file] = file.bytes;
  }

  // After the kill. Answers how many bytes were lost.
  std::uint64_t cut(Rng& fate) {
    std::ifstream log(log_, std::ios::binary);
    for (SyncedFile synced; log.read(reinterpret_cast<char*>(&synced), sizeof synced);) {
      std::uint64_t& bytes = durable_[synced.file];
      bytes = std::max(bytes, synced.bytes);
    }
    std::uint64_t lost = 0;
    for (const auto& [path, file] : files()) {
      const auto known = durable_.find(file.file);
      const std::uint64_t sure = known == durable_.end() ? 0 : std::min(known->second, file.bytes);
      if (known == durable_.end() && fate.uniform() < .5) {
        std::filesystem::remove(path);
        lost += file.bytes;
      } else if (sure < file.bytes) {
        lost += tear(path, sure, file.bytes, fate);
      }
    }
    return lost;
  }

 private:
  static std::uint64_t tear(const std::string& path, std::uint64_t sure, std::uint64_t bytes, Rng& fate) {
    const double kind = fate.uniform();
    const std::uint64_t kept =
        kind < .3 ? sure : kind < .4 ? bytes : sure + fate.below(bytes - sure + 1);
    std::filesystem::resize_file(path, kept);
    if (kept == sure || fate.uniform() < .5) return bytes - kept;
    const std::uint64_t torn = 1 + fate.below(std::min<std::uint64_t>(kept - sure, 4096));
    std::string garbage(torn, '\0');
    if (fate.uniform() < .5)
      for (char& byte : garbage) byte = static_cast<char>(fate.below(256));
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(kept - torn));
    file.write(garbage.data(), static_cast<std::streamsize>(torn));
    RIFFLE_CHECK(file.good(), "cannot tear", path);
    return bytes - kept + torn;
  }

  // In the order of their names, so that a seed tears the same files alike.
  std::map<std::string, SyncedFile> files() const {
    std::map<std::string, SyncedFile> all;
    for (const std::string& directory : directories_) {
      if (!std::filesystem::exists(directory)) continue;
      for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
        SyncedFile file;
        if (entry.is_regular_file() && identify(AT_FDCWD, entry.path().c_str(), file))
          all[entry.path()] = file;
      }
    }
    return all;
  }

  const std::vector<std::string> directories_;
  const std::string log_;
  std::map<FileIdentity, std::uint64_t> durable_;
};

}  // namespace riffle::crash
