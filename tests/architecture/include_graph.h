// Who may include whom, as the design's table says it, and what breaks it in a source tree.
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace riffle::architecture {

using Names = std::set<std::string>;

// The top folders that hold modules, and for each the other folders that it may include. Strictly
// as listed: what a module gets through another's header it may not name itself.
inline const std::map<std::string, Names>& allowed_modules() {
  static const Names options = {"base",    "records", "bus",      "ingest",     "state", "features",
                                "learner", "serving", "pipeline", "simulation", "http"};
  static const Names everything = {"base",     "records",    "bus",     "ingest",
                                   "state",    "features",   "learner", "serving",
                                   "pipeline", "evaluation", "simulation", "http",
                                   "config",   "replay"};
  static const std::map<std::string, Names> table = {
      {"base", {}},
      {"records", {"base"}},
      {"bus", {"base"}},
      {"ingest", {"base", "records", "bus"}},
      {"state", {"base", "records"}},
      {"features", {"base", "records", "state"}},
      {"learner", {"base", "records", "features"}},
      {"serving", {"base", "records", "state", "features", "learner"}},
      {"pipeline", {"base", "records", "bus", "ingest", "state", "features", "learner", "serving"}},
      {"evaluation",
       {"base", "records", "bus", "ingest", "state", "features", "learner", "serving", "pipeline"}},
      {"replay",
       {"base", "records", "bus", "ingest", "state", "features", "learner", "serving", "pipeline"}},
      {"simulation", {"base", "records"}},
      {"http", {"base", "records"}},
      {"config", options},
      {"app", everything},
  };
  return table;
}

// The only folders that may include a library, by the beginning of its headers' names. A library
// that is not listed (the standard's, Abseil, GoogleTest) may be included anywhere.
inline const std::map<std::string, Names>& library_owners() {
  static const std::map<std::string, Names> table = {
      {"rocksdb/", {"state"}},           {"librdkafka/", {"bus"}},
      {"simdjson", {"records"}},         {"rapidjson/", {"records"}},
      {"google/protobuf/", {"records"}}, {"Eigen/", {"features", "learner"}},
      {"boost/beast", {"http"}},         {"boost/asio", {"http", "app"}},
      {"yaml-cpp/", {"config"}},         {"CLI/", {"app"}},
      {"prometheus/", {"base"}},         {"spdlog/", {"base"}},
      {"xxhash", {"base", "bus"}},       {"zlib", {"ingest"}},
      {"lz4", {"state"}},
      {"torch/", {"learner"}},           {"ATen/", {"learner"}},
      {"c10/", {"learner"}},
  };
  return table;
}

struct Include {
  std::string name;  // as written between the quotes or brackets
  bool quoted = false;
};

inline std::optional<Include> parse_include(const std::string& line) {
  static const std::regex kInclude(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"])");
  std::smatch match;
  if (!std::regex_search(line, match, kInclude)) {
    return std::nullopt;
  }
  return Include{match[2].str(), match[1].str() == "\""};
}

// LibTorch is the network module's alone: riffle must start without it, so not even the rest of learner/ may see it. And
// the module is built apart: of ours it sees its own folder, nothing else.
inline std::optional<std::string> network_objection(const std::string& path, const Include& include) {
  const std::string module = "learner/network/";
  const bool torch = include.name.starts_with("torch/") || include.name.starts_with("ATen/") ||
                     include.name.starts_with("c10/");
  if (torch && !path.starts_with(module)) return "only " + module + " may include LibTorch";
  if (path.starts_with(module) && include.quoted && !include.name.starts_with(module))
    return module + " is built apart and may include nothing else of riffle";
  return std::nullopt;
}

// config/ fills the modules' options, so it may see nothing of them but the headers that hold
// those.
inline bool is_options_header(const std::string& name) {
  return name.ends_with("/options.h") || name.ends_with("_options.h");
}

// Why this folder may not include this, or nothing.
inline std::optional<std::string> objection(const std::string& folder, const Include& include) {
  const std::string top = include.name.substr(0, include.name.find('/'));
  if (allowed_modules().contains(top) && include.name.find('/') != std::string::npos) {
    if (folder == "config" && top != folder && top != "base" && !is_options_header(include.name)) {
      return "config/ may include only the options headers of " + top + "/";
    }
    if (top == folder || allowed_modules().at(folder).contains(top)) {
      return std::nullopt;
    }
    return folder + "/ may not include " + top + "/";
  }
  for (const auto& [prefix, owners] : library_owners()) {
    if (include.name.starts_with(prefix) && !owners.contains(folder)) {
      return "only " + *owners.begin() + "/ may include <" + prefix + "…>";
    }
  }
  if (include.quoted && include.name.find('/') == std::string::npos) {
    return "includes go from the root: \"" + folder + "/" + include.name + "\"";
  }
  return std::nullopt;
}

// Every breach under `root`, as "file:line: include: why", in the order of the files' names.
inline std::vector<std::string> breaches(const std::filesystem::path& root) {
  namespace fs = std::filesystem;
  static const Names kSources = {".h", ".cpp"};
  std::map<std::string, std::string> files;  // path from the root → its top folder
  for (const auto& [folder, may_include] : allowed_modules()) {
    if (!fs::is_directory(root / folder)) {
      continue;
    }
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / folder)) {
      if (entry.is_regular_file() && kSources.contains(entry.path().extension().string())) {
        files.emplace(fs::relative(entry.path(), root).generic_string(), folder);
      }
    }
  }
  std::vector<std::string> found;
  for (const auto& [path, folder] : files) {
    std::ifstream in(root / path);
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
      const std::optional<Include> include = parse_include(line);
      if (!include) {
        continue;
      }
      std::optional<std::string> why = objection(folder, *include);
      if (!why) why = network_objection(path, *include);
      if (why) found.push_back(path + ":" + std::to_string(number) + ": " + include->name + ": " + *why);
    }
  }
  return found;
}

}  // namespace riffle::architecture
