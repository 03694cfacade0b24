// The description of a struct as a configuration: one call a key, with its name, its place in the struct and what it does.
// Two things visit it: the reader (YAML into the structs) and the writer (the structs into commented YAML).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/time.h"

namespace riffle::config {

inline constexpr std::int64_t kMostWhole = std::numeric_limits<std::int64_t>::max();
inline constexpr double kMostReal = std::numeric_limits<double>::max();

class Fields {
 public:
  virtual ~Fields() = default;

  // Every key: name, value, what it does; then what values are allowed (both ends included).
  virtual void flag(std::string_view name, bool& value, std::string_view doc) = 0;
  virtual void text(std::string_view name, std::string& value, std::string_view doc) = 0;
  virtual void choice(std::string_view name, std::string& value, const std::vector<std::string>& choices,
                      std::string_view doc) = 0;
  virtual void real(std::string_view name, double& value, std::string_view doc, double low, double high) = 0;
  virtual void duration(std::string_view name, Milliseconds& value, std::string_view doc,
                        Milliseconds low = Milliseconds(0)) = 0;
  virtual void duration_or_forever(std::string_view name, std::optional<Milliseconds>& value, std::string_view doc) = 0;
  virtual void texts(std::string_view name, std::vector<std::string>& value, std::string_view doc) = 0;
  // A list of numbers; one in the file takes the place of the default's.
  virtual void reals(std::string_view name, std::vector<double>& value, std::string_view doc, double low, double high) = 0;
  // Keys as the user likes.
  virtual void properties(std::string_view name, std::map<std::string, std::string>& value, std::string_view doc) = 0;
  virtual void shares(std::string_view name, std::vector<std::pair<std::string, double>>& value, std::string_view doc) = 0;

  void share(std::string_view name, double& value, std::string_view doc) { real(name, value, doc, 0, 1); }

  template <class T>
  void whole(std::string_view name, T& value, std::string_view doc, std::int64_t low = 0, std::int64_t high = kMostWhole) {
    if constexpr (sizeof(T) < sizeof(std::int64_t)) high = std::min<std::int64_t>(high, std::numeric_limits<T>::max());
    auto number = static_cast<std::int64_t>(value);
    whole_number(name, number, doc, low, high);
    value = static_cast<T>(number);
  }

  template <class T>
  void bytes(std::string_view name, T& value, std::string_view doc, std::int64_t low = 1) {
    auto number = static_cast<std::int64_t>(value);
    byte_count(name, number, doc, low, sizeof(T) < sizeof(std::int64_t) ? std::numeric_limits<T>::max() : kMostWhole);
    value = static_cast<T>(number);
  }

  template <class E>
  void one_of(std::string_view name, E& value, const std::vector<std::pair<std::string, E>>& meanings,
              std::string_view doc) {
    std::vector<std::string> names;
    std::string chosen;
    for (const auto& [text, meaning] : meanings) {
      names.push_back(text);
      if (meaning == value) chosen = text;
    }
    choice(name, chosen, names, doc);
    for (const auto& [text, meaning] : meanings)
      if (text == chosen) value = meaning;
  }

  using Describe = std::function<void(Fields&)>;
  virtual void section(std::string_view name, std::string_view doc, const Describe& describe) = 0;

  // A list of structs; one in the file takes the place of the default's.
  template <class T>
  void list(std::string_view name, std::vector<T>& items, std::string_view doc, void (*describe)(Fields&, T&)) {
    items_of(name, doc, items.size(), [&](std::size_t count) { items.assign(count, T{}); },
             [&](std::size_t i, Fields& fields) { describe(fields, items[i]); });
  }

  // Structs by name: those in the file change the default's of that name, or come after them.
  template <class T>
  void named(std::string_view name, std::vector<T>& items, std::string_view doc, std::string (*name_of)(const T&),
             T (*make)(const std::string&), void (*describe)(Fields&, T&)) {
    std::vector<std::string> names;
    for (const T& item : items) names.push_back(name_of(item));
    named_items(name, doc, names, [&](const std::string& key, Fields& fields) {
      for (T& item : items)
        if (name_of(item) == key) return describe(fields, item);
      items.push_back(make(key));
      describe(fields, items.back());
    });
  }

 protected:
  virtual void whole_number(std::string_view name, std::int64_t& value, std::string_view doc, std::int64_t low,
                            std::int64_t high) = 0;
  virtual void byte_count(std::string_view name, std::int64_t& value, std::string_view doc, std::int64_t low,
                          std::int64_t high) = 0;
  virtual void items_of(std::string_view name, std::string_view doc, std::size_t size,
                        const std::function<void(std::size_t)>& resize,
                        const std::function<void(std::size_t, Fields&)>& describe) = 0;
  virtual void named_items(std::string_view name, std::string_view doc, const std::vector<std::string>& names,
                           const std::function<void(const std::string&, Fields&)>& describe) = 0;
};

}  // namespace riffle::config
