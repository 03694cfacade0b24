// A Config as commented YAML, by the table of config/describe.h.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "config/config.h"
#include "config/describe.h"
#include "config/fields.h"
#include "config/units.h"

namespace riffle::config {
namespace {

constexpr std::string_view kHeader =
    "# Every key of Riffle's configuration, what it does, and its default. A file of your own says only\n"
    "# what differs. Durations: 100ms, 30s, 5m, 2h, 7d. Sizes: bytes, or 512KiB, 64MiB, 2GiB. ${NAME} in a\n"
    "# value is the environment's, ${NAME:-other} where it may be missing. `riffle check-config FILE` lists\n"
    "# every mistake with its line.\n";

constexpr std::size_t kColumns = 100;

std::string quoted(const std::string& text) {
  const bool plain = !text.empty() && text.front() != '-' && text != "null" && text != "Null" && text != "NULL" &&
                     std::all_of(text.begin(), text.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                              c == '.' || c == '/' || c == '-';
                     });
  if (plain) return text;
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' || c == '\\') out += '\\';
    if (c == '$' && i + 1 < text.size() && text[i + 1] == '{') out += '$';
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else {
      out += c;
    }
  }
  return out + '"';
}

class Writer : public Fields {
 public:
  // `left_out`: a section at the top that is not written; empty: all are.
  explicit Writer(std::string_view left_out) : left_out_(left_out) {}
  std::string take() { return std::move(out_); }

  void flag(std::string_view name, bool& value, std::string_view doc) override { line(name, value ? "true" : "false", doc); }
  void text(std::string_view name, std::string& value, std::string_view doc) override { line(name, quoted(value), doc); }
  void choice(std::string_view name, std::string& value, const std::vector<std::string>& choices,
              std::string_view doc) override {
    line(name, quoted(value), absl::StrCat(std::string(doc), " One of ", absl::StrJoin(choices, ", "), "."));
  }
  void real(std::string_view name, double& value, std::string_view doc, double, double) override {
    line(name, format_real(value), doc);
  }
  void duration(std::string_view name, Milliseconds& value, std::string_view doc, Milliseconds) override {
    line(name, format_duration(value), doc);
  }
  void duration_or_forever(std::string_view name, std::optional<Milliseconds>& value, std::string_view doc) override {
    line(name, value ? format_duration(*value) : "forever", absl::StrCat(std::string(doc), " Or forever."));
  }
  void texts(std::string_view name, std::vector<std::string>& value, std::string_view doc) override {
    std::vector<std::string> items;
    for (const std::string& item : value) items.push_back(quoted(item));
    line(name, absl::StrCat("[", absl::StrJoin(items, ", "), "]"), doc);
  }
  void reals(std::string_view name, std::vector<double>& value, std::string_view doc, double, double) override {
    std::vector<std::string> items;
    for (const double item : value) items.push_back(format_real(item));
    line(name, absl::StrCat("[", absl::StrJoin(items, ", "), "]"), doc);
  }
  void properties(std::string_view name, std::map<std::string, std::string>& value, std::string_view doc) override {
    if (value.empty()) return line(name, "{}", doc);
    nested(name, doc, [&] {
      for (const auto& [key, text] : value) line(quoted(key), quoted(text), {});
    });
  }
  void shares(std::string_view name, std::vector<std::pair<std::string, double>>& value, std::string_view doc) override {
    if (value.empty()) return line(name, "{}", doc);
    nested(name, doc, [&] {
      for (const auto& [key, share] : value) line(quoted(key), format_real(share), {});
    });
  }
  void section(std::string_view name, std::string_view doc, const Describe& describe) override {
    if (depth_ == 0 && name == left_out_) return;
    nested(name, doc, [&] { describe(*this); });
  }

 protected:
  void whole_number(std::string_view name, std::int64_t& value, std::string_view doc, std::int64_t,
                    std::int64_t) override {
    line(name, std::to_string(value), doc);
  }
  void byte_count(std::string_view name, std::int64_t& value, std::string_view doc, std::int64_t, std::int64_t) override {
    line(name, format_bytes(value), doc);
  }
  void items_of(std::string_view name, std::string_view doc, std::size_t size, const std::function<void(std::size_t)>&,
                const std::function<void(std::size_t, Fields&)>& describe) override {
    if (size == 0) return line(name, "[]", doc);
    nested(name, doc, [&] {
      for (std::size_t i = 0; i < size; ++i) {
        dash_ = true;
        ++depth_;
        describe(i, *this);
        --depth_;
      }
    });
  }
  // What the keys do is said once, at the first of the names.
  void named_items(std::string_view name, std::string_view doc, const std::vector<std::string>& names,
                   const std::function<void(const std::string&, Fields&)>& describe) override {
    if (names.empty()) return line(name, "{}", doc);
    nested(name, doc, [&] {
      const bool silent = silent_;
      for (const std::string& key : names) {
        nested(quoted(key), {}, [&] { describe(key, *this); });
        silent_ = true;
      }
      silent_ = silent;
    });
  }

 private:
  void line(std::string_view name, const std::string& value, std::string_view doc) {
    head(doc);
    out_ += absl::StrCat(std::string(name), ": ", value, "\n");
  }

  template <class Body>
  void nested(std::string_view name, std::string_view doc, const Body& body) {
    head(doc);
    out_ += absl::StrCat(std::string(name), ":\n");
    ++depth_;
    body();
    --depth_;
  }

  // The comment, then the indentation of the key (with the dash of a list's item).
  void head(std::string_view doc) {
    if (depth_ == 0) out_ += '\n';
    const std::string indent(2 * depth_, ' ');
    if (!doc.empty() && !silent_ && !dash_) {
      std::string current = indent + "#";
      std::size_t start = 0;
      while (start < doc.size()) {
        const std::size_t end = std::min(doc.find(' ', start), doc.size());
        const std::string_view word = doc.substr(start, end - start);
        if (current.size() + 1 + word.size() > kColumns) {
          out_ += current + "\n";
          current = indent + "#";
        }
        current += absl::StrCat(" ", std::string(word));
        start = end + 1;
      }
      out_ += current + "\n";
    }
    out_ += dash_ ? indent.substr(2) + "- " : indent;
    dash_ = false;
  }

  std::string_view left_out_;
  std::string out_{kHeader};
  std::size_t depth_ = 0;
  bool dash_ = false;
  bool silent_ = false;
};

}  // namespace

std::string to_yaml(const Config& config) {
  Config copy = config;  // the table is of places to be read into; nothing of the copy changes
  Writer writer(config.uses_kafka() ? "local" : "");  // a file that has both is refused
  describe(writer, copy);
  return writer.take();
}

}  // namespace riffle::config
