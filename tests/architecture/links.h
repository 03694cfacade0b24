// The relative links of Markdown documents, and those that lead nowhere.
#pragma once

#include <cctype>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace riffle::architecture {

struct Link {
  int line = 0;
  std::string target;  // as written
};

// The links and images of a document, but not those inside of code: fenced blocks and `spans`.
inline std::vector<Link> links_of(const std::string& text) {
  static const std::regex kLink(R"(\]\(<?([^)>\s]+)>?(\s+"[^"]*")?\))");
  static const std::regex kSpan(R"(`[^`]*`)");
  std::vector<Link> links;
  std::istringstream in(text);
  std::string line;
  bool fenced = false;
  for (int number = 1; std::getline(in, line); ++number) {
    const std::size_t start = line.find_first_not_of(' ');
    if (start != std::string::npos && line.compare(start, 3, "```") == 0) {
      fenced = !fenced;
      continue;
    }
    if (fenced) {
      continue;
    }
    const std::string prose = std::regex_replace(line, kSpan, "");
    for (std::sregex_iterator at(prose.begin(), prose.end(), kLink), end; at != end; ++at) {
      links.push_back({number, (*at)[1].str()});
    }
  }
  return links;
}

// A heading's anchor, as GitHub makes it: lower case, spaces to hyphens, punctuation dropped, other
// scripts kept.
inline std::string anchor_of(const std::string& heading) {
  std::string anchor;
  for (const char c : heading) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || std::isalnum(byte) != 0 || c == '-' || c == '_') {
      anchor += static_cast<char>(std::tolower(byte));
    } else if (c == ' ') {
      anchor += '-';
    }
  }
  return anchor;
}

inline std::set<std::string> anchors_of(const std::filesystem::path& document) {
  std::set<std::string> anchors;
  std::ifstream in(document);
  std::string line;
  bool fenced = false;
  while (std::getline(in, line)) {
    if (line.starts_with("```")) {
      fenced = !fenced;
    } else if (!fenced && line.starts_with("#")) {
      const std::size_t text = line.find_first_not_of('#');
      if (text != std::string::npos && line[text] == ' ') {
        anchors.insert(anchor_of(line.substr(text + 1)));
      }
    }
  }
  return anchors;
}

// The Markdown documents of a tree: those in its root and those under docs/.
inline std::vector<std::filesystem::path> documents_of(const std::filesystem::path& root) {
  std::set<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(root)) {
    found.insert(entry.path());
  }
  if (std::filesystem::is_directory(root / "docs")) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / "docs")) {
      found.insert(entry.path());
    }
  }
  std::vector<std::filesystem::path> documents;
  for (const auto& path : found) {
    if (path.extension() == ".md" && std::filesystem::is_regular_file(path)) {
      documents.push_back(path);
    }
  }
  return documents;
}

// Every relative link whose file, or whose heading in a Markdown file, is not there, as "file:line:
// target".
inline std::vector<std::string> dead_links(const std::filesystem::path& root) {
  namespace fs = std::filesystem;
  std::vector<std::string> dead;
  for (const fs::path& document : documents_of(root)) {
    std::ifstream in(document);
    std::ostringstream text;
    text << in.rdbuf();
    for (const Link& link : links_of(text.str())) {
      if (link.target.find("://") != std::string::npos || link.target.starts_with("mailto:")) {
        continue;
      }
      const std::size_t hash = link.target.find('#');
      const std::string file = link.target.substr(0, hash);
      const fs::path target = file.empty() ? document : document.parent_path() / file;
      const bool heading = hash != std::string::npos && target.extension() == ".md";
      if (!fs::exists(target) ||
          (heading && !anchors_of(target).contains(link.target.substr(hash + 1)))) {
        dead.push_back(fs::relative(document, root).generic_string() + ":" +
                       std::to_string(link.line) + ": " + link.target);
      }
    }
  }
  return dead;
}

}  // namespace riffle::architecture
