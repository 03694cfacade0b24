#include "config/reader.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "config/describe.h"
#include "config/fields.h"
#include "config/nearest.h"
#include "config/substitution.h"
#include "config/units.h"

namespace riffle::config {
namespace {

Place place_of(const YAML::Mark& mark) { return {std::max(0, mark.line) + 1, std::max(0, mark.column) + 1}; }

std::string shown(const YAML::Node& node) {
  if (node.IsMap()) return "keys and values";
  if (node.IsSequence()) return "a list";
  if (!node.IsScalar()) return "nothing";
  constexpr std::size_t kMost = 60;
  const std::string& text = node.Scalar();
  return text.size() <= kMost ? absl::StrCat("\"", text, "\"") : absl::StrCat("\"", text.substr(0, kMost), "...\"");
}

std::string range_of(const std::string& low, const std::string& high, bool has_high) {
  return has_high ? absl::StrCat("from ", low, " to ", high) : absl::StrCat("of at least ", low);
}

class Reader : public Fields {
 public:
  Reader(const Environment& environment, Places& places, std::vector<Mistake>& mistakes)
      : environment_(environment), places_(places), mistakes_(mistakes) {}

  void read_file(const YAML::Node& root, Config& config) {
    if (root.IsNull()) return;  // an empty file: all defaults
    if (!root.IsMap()) return wrong(place_of(root.Mark()), "", absl::StrCat("expected keys and values, as `http:`; found ", shown(root)));
    enter(root, "");
    describe(*this, config);
    leave();
  }

  void flag(std::string_view name, bool& value, std::string_view) override {
    scalar(name, "true or false", [&](const std::string& text) {
      if (text != "true" && text != "false") return false;
      value = text == "true";
      return true;
    });
  }

  void text(std::string_view name, std::string& value, std::string_view) override {
    scalar(name, "text", [&](const std::string& text) {
      value = text;
      return true;
    });
  }

  void choice(std::string_view name, std::string& value, const std::vector<std::string>& choices,
              std::string_view) override {
    scalar(name, absl::StrCat("one of ", absl::StrJoin(choices, ", ")), [&](const std::string& text) {
      if (std::find(choices.begin(), choices.end(), text) == choices.end()) {
        hint_ = nearest(text, choices);
        return false;
      }
      value = text;
      return true;
    });
  }

  void real(std::string_view name, double& value, std::string_view, double low, double high) override {
    const std::string expected =
        absl::StrCat("a number ", range_of(format_real(low), format_real(high), high < kMostReal));
    scalar(name, expected, [&](const std::string& text) { return take_real(text, value, low, high); });
  }

  void duration(std::string_view name, Milliseconds& value, std::string_view, Milliseconds low) override {
    const std::string least = low > Milliseconds(0) ? absl::StrCat(" of at least ", format_duration(low)) : std::string();
    scalar(name, absl::StrCat("a duration", least, ", as 100ms, 30s, 5m, 2h or 7d"), [&](const std::string& text) {
      const auto parsed = parse_duration(text);
      if (!parsed || *parsed < low) return false;
      value = *parsed;
      return true;
    });
  }

  void duration_or_forever(std::string_view name, std::optional<Milliseconds>& value, std::string_view) override {
    scalar(name, "a duration, as 30s, 5m, 2h or 7d, or forever", [&](const std::string& text) {
      const auto parsed = parse_duration(text);
      if (!parsed && text != "forever") return false;
      value = parsed;
      return true;
    });
  }

  void texts(std::string_view name, std::vector<std::string>& value, std::string_view) override {
    const YAML::Node* node = take(name);
    if (node == nullptr) return;
    if (!node->IsSequence()) return mistyped(name, *node, "a list, as [home, cart]");
    value.clear();
    std::size_t index = 0;
    for (const YAML::Node& item : *node) {
      const std::string path = absl::StrCat(path_of(name), "[", index++, "]");
      value.emplace_back();
      resolve(item, path, "text", [&](const std::string& text) {
        value.back() = text;
        return true;
      });
    }
  }

  void reals(std::string_view name, std::vector<double>& value, std::string_view, double low, double high) override {
    const YAML::Node* node = take(name);
    if (node == nullptr) return;
    if (!node->IsSequence()) return mistyped(name, *node, "a list of numbers, as [0, 0.1, 0.2]");
    value.clear();
    const std::string expected =
        absl::StrCat("a number ", range_of(format_real(low), format_real(high), high < kMostReal));
    std::size_t index = 0;
    for (const YAML::Node& item : *node) {
      value.push_back(low);
      resolve(item, absl::StrCat(path_of(name), "[", index++, "]"), expected,
              [&](const std::string& text) { return take_real(text, value.back(), low, high); });
    }
  }

  void properties(std::string_view name, std::map<std::string, std::string>& value, std::string_view) override {
    each_scalar(name, "text", [&] { value.clear(); }, [&](const std::string& key, const std::string& text) {
      value[key] = text;
      return true;
    });
  }

  void shares(std::string_view name, std::vector<std::pair<std::string, double>>& value, std::string_view) override {
    each_scalar(name, "a number from 0 to 1", [&] { value.clear(); }, [&](const std::string& key, const std::string& text) {
      double share = 0;
      if (!take_real(text, share, 0, 1)) return false;
      value.emplace_back(key, share);
      return true;
    });
  }

  void section(std::string_view name, std::string_view, const Describe& describe) override {
    const YAML::Node* node = take(name);
    if (node == nullptr || node->IsNull()) return;
    if (!node->IsMap()) return mistyped(name, *node, "keys and values");
    enter(*node, path_of(name));
    describe(*this);
    leave();
  }

 protected:
  void whole_number(std::string_view name, std::int64_t& value, std::string_view, std::int64_t low,
                    std::int64_t high) override {
    const std::string expected =
        absl::StrCat("a whole number ", range_of(std::to_string(low), std::to_string(high), high < kMostWhole));
    scalar(name, expected, [&](const std::string& text) { return take_whole(parse_whole(text), value, low, high); });
  }

  void byte_count(std::string_view name, std::int64_t& value, std::string_view, std::int64_t low,
                  std::int64_t high) override {
    const std::string expected = absl::StrCat(
        "a size ", range_of(format_bytes(low), format_bytes(high), high < kMostWhole), ", as 4096, 512KiB or 2GiB");
    scalar(name, expected, [&](const std::string& text) { return take_whole(parse_bytes(text), value, low, high); });
  }

  void items_of(std::string_view name, std::string_view, std::size_t, const std::function<void(std::size_t)>& resize,
                const std::function<void(std::size_t, Fields&)>& describe) override {
    const YAML::Node* node = take(name);
    if (node == nullptr) return;
    if (!node->IsSequence()) return mistyped(name, *node, "a list");
    resize(node->size());
    std::size_t index = 0;
    for (const YAML::Node& item : *node) {
      const std::string path = absl::StrCat(path_of(name), "[", index, "]");
      if (!item.IsMap()) {
        wrong(place_of(item.Mark()), path, absl::StrCat("expected keys and values; found ", shown(item)));
      } else {
        enter(item, path);
        describe(index, *this);
        leave();
      }
      ++index;
    }
  }

  void named_items(std::string_view name, std::string_view, const std::vector<std::string>&,
                   const std::function<void(const std::string&, Fields&)>& describe) override {
    section(name, {}, [&](Fields&) {
      // The frame of the names; each becomes a frame of its own.
      const std::vector<std::string> given = names_here();
      for (const std::string& key : given) section(key, {}, [&](Fields& fields) { describe(key, fields); });
    });
  }

 private:
  struct Entry {
    std::string name;
    YAML::Node key, value;
  };
  struct Frame {
    std::string path;
    std::vector<Entry> entries;
    std::vector<std::string> known;
  };
  using Take = std::function<bool(const std::string&)>;

  static bool take_whole(std::optional<std::int64_t> parsed, std::int64_t& value, std::int64_t low, std::int64_t high) {
    if (!parsed || *parsed < low || *parsed > high) return false;
    value = *parsed;
    return true;
  }

  static bool take_real(const std::string& text, double& value, double low, double high) {
    const auto parsed = parse_real(text);
    if (!parsed || *parsed < low || *parsed > high) return false;
    value = *parsed;
    return true;
  }

  std::string path_of(std::string_view name) const {
    const std::string& above = frames_.back().path;
    return above.empty() ? std::string(name) : absl::StrCat(above, ".", std::string(name));
  }

  void wrong(Place place, const std::string& path, const std::string& message) {
    mistakes_.push_back({place.line, place.column, path, message});
  }

  void mistyped(std::string_view name, const YAML::Node& node, const std::string& expected) {
    wrong(places_[path_of(name)], path_of(name), absl::StrCat("expected ", expected, "; found ", shown(node)));
  }

  void enter(const YAML::Node& map, const std::string& path) {
    Frame frame;
    frame.path = path;
    frames_.push_back(std::move(frame));
    for (const auto& pair : map) {
      const Place place = place_of(pair.first.Mark());
      if (!pair.first.IsScalar()) {
        wrong(place, path, absl::StrCat("a key must be a word; found ", shown(pair.first)));
        continue;
      }
      const std::string& name = pair.first.Scalar();
      const auto [it, inserted] = places_.emplace(path_of(name), place);
      if (!inserted) {
        wrong(place, path_of(name), absl::StrCat("given twice; the first is in line ", it->second.line));
        continue;
      }
      frames_.back().entries.push_back({name, pair.first, pair.second});
    }
  }

  void leave() {
    const Frame frame = std::move(frames_.back());
    frames_.pop_back();
    for (const Entry& entry : frame.entries) {
      if (std::find(frame.known.begin(), frame.known.end(), entry.name) != frame.known.end()) continue;
      const std::string path = frame.path.empty() ? entry.name : absl::StrCat(frame.path, ".", entry.name);
      const std::string meant = nearest(entry.name, frame.known);
      wrong(place_of(entry.key.Mark()), path,
            meant.empty() ? absl::StrCat("unknown key; known here: ", absl::StrJoin(frame.known, ", "))
                          : absl::StrCat("unknown key; did you mean `", meant, "`?"));
    }
  }

  std::vector<std::string> names_here() const {
    std::vector<std::string> names;
    for (const Entry& entry : frames_.back().entries) names.push_back(entry.name);
    return names;
  }

  // Null where the file does not have the key.
  const YAML::Node* take(std::string_view name) {
    Frame& frame = frames_.back();
    frame.known.emplace_back(name);
    for (const Entry& entry : frame.entries)
      if (entry.name == name) return &entry.value;
    return nullptr;
  }

  void scalar(std::string_view name, const std::string& expected, const Take& take_text) {
    if (const YAML::Node* node = take(name)) resolve(*node, path_of(name), expected, take_text);
  }

  void resolve(const YAML::Node& node, const std::string& path, const std::string& expected, const Take& take_text) {
    const Place place = node.IsNull() && places_.count(path) ? places_[path] : place_of(node.Mark());
    if (!node.IsScalar()) return wrong(place, path, absl::StrCat("expected ", expected, "; found ", shown(node)));
    std::string text, error;
    if (!substitute(node.Scalar(), environment_, text, error)) return wrong(place, path, error);
    hint_.clear();
    if (take_text(text)) return;
    std::string message = absl::StrCat("expected ", expected, "; found \"", text, "\"");
    if (text != node.Scalar()) absl::StrAppend(&message, " (from ", node.Scalar(), ")");
    if (!hint_.empty()) absl::StrAppend(&message, "; did you mean `", hint_, "`?");
    wrong(place, path, message);
  }

  // A map of scalars with keys of the user's.
  void each_scalar(std::string_view name, const std::string& expected, const std::function<void()>& clear,
                   const std::function<bool(const std::string&, const std::string&)>& take_pair) {
    const YAML::Node* node = take(name);
    if (node == nullptr || node->IsNull()) return;
    if (!node->IsMap()) return mistyped(name, *node, "keys and values");
    clear();
    enter(*node, path_of(name));
    for (const std::string& key : names_here())
      scalar(key, expected, [&](const std::string& text) { return take_pair(key, text); });
    leave();
  }

  const Environment& environment_;
  Places& places_;
  std::vector<Mistake>& mistakes_;
  std::vector<Frame> frames_;
  std::string hint_;  // of the value being taken: what it may have been meant to be
};

// Where documents begin. YAML::LoadAll would do, but it never ends where a text begins with a comma: it is an
// empty document each time that it is looked at (yaml-cpp 0.7).
class DocumentMarks final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override { marks.push_back(mark); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

  std::vector<YAML::Mark> marks;
};

// Of the first two.
std::vector<YAML::Mark> document_marks(const std::string& yaml) {
  std::istringstream in(yaml);
  YAML::Parser parser(in);
  DocumentMarks handler;
  while (handler.marks.size() < 2 && parser.HandleNextDocument(handler)) {
  }
  return handler.marks;
}

// What a multi-task learner's heads are rewarded with, where lists are judged so.
learner::HeadNumbers rewards_of(const features::RowOptions& rows) {
  learner::HeadNumbers rewards{.comeback = rows.reward.comeback, .other = 1};
  for (const features::TypeOptions& type : rows.types) {
    const double reward = rows.reward.relevance * type.reward;
    if (type.name == "click") rewards.click = reward;
    if (type.name == "purchase") rewards.purchase = reward;
    if (type.name == "dwell") rewards.dwell = reward;
  }
  return rewards;
}

}  // namespace

void read(std::string_view yaml, const Environment& environment, Config& config, Places& places,
          std::vector<Mistake>& mistakes) {
  try {
    const std::string text(yaml);
    const std::vector<YAML::Mark> documents = document_marks(text);
    if (documents.empty()) return;
    if (documents.size() > 1) {
      const Place place = place_of(documents[1]);
      const auto at = static_cast<std::size_t>(std::max(0, documents[1].pos));
      const bool stray = at < text.size() && text[at] == ',';
      mistakes.push_back({place.line, place.column, "",
                          stray ? "not YAML: nothing begins with a comma" : "a second document begins; only one is read"});
      return;
    }
    Reader(environment, places, mistakes).read_file(YAML::Load(text), config);
    config.learner.multi_task.rewards = rewards_of(config.rows);
  } catch (const YAML::Exception& error) {
    const Place place = place_of(error.mark);
    mistakes.assign(1, {place.line, place.column, "", absl::StrCat("not YAML: ", error.msg)});
  }
}

}  // namespace riffle::config
