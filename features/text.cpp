#include "features/text.h"

#include <cstdint>

namespace riffle::features {
namespace {

constexpr char32_t kBroken = 0xFFFD;

// Takes one character off the front; a byte that starts none is taken by itself as kBroken.
char32_t take(std::string_view& text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  const std::size_t length = first < 0x80            ? 1
                             : first >> 5 == 0b110   ? 2
                             : first >> 4 == 0b1110  ? 3
                             : first >> 3 == 0b11110 ? 4
                                                     : 0;
  char32_t c = length == 1 ? first : first & (0x7FU >> length);
  bool broken = length == 0 || length > text.size();
  for (std::size_t i = 1; !broken && i < length; ++i) {
    broken = byte(i) >> 6 != 0b10;
    c = c << 6 | (byte(i) & 0x3FU);
  }
  text.remove_prefix(broken ? 1 : length);
  return broken ? kBroken : c;
}

void append(char32_t c, std::string& out) {
  const auto put = [&](char32_t byte) {
    out.push_back(static_cast<char>(static_cast<std::uint8_t>(byte)));
  };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xC0 | c >> 6);
  } else {
    if (c < 0x10000) {
      put(0xE0 | c >> 12);
    } else {
      put(0xF0 | c >> 18);
      put(0x80 | (c >> 12 & 0x3F));
    }
    put(0x80 | (c >> 6 & 0x3F));
  }
  put(0x80 | (c & 0x3F));
}

bool between(char32_t c, char32_t low, char32_t high) { return c >= low && c <= high; }

// Scripts written without spaces: Han with its extensions, kana, Hangul.
bool is_unspaced(char32_t c) {
  return between(c, 0x3400, 0x4DBF) || between(c, 0x4E00, 0x9FFF) || between(c, 0xF900, 0xFAFF) ||
         between(c, 0x3040, 0x30FF) || between(c, 0xAC00, 0xD7AF) || between(c, 0x20000, 0x3134F);
}

bool is_word(char32_t c) {
  if (c < 0x80) return between(c, '0', '9') || between(c, 'a', 'z');
  if (c < 0xC0) return c == 0xAA || c == 0xB5 || c == 0xBA;
  if (c == 0xD7 || c == 0xF7 || c == kBroken) return false;
  // Punctuation and symbols of the blocks that shops' texts use; the rest of Unicode's letters are
  // taken as such.
  return !between(c, 0x2000, 0x2BFF) && !between(c, 0x3000, 0x303F) &&
         !between(c, 0xFE00, 0xFE6F) && !between(c, 0xFF00, 0xFFEF) &&
         !between(c, 0xE000, 0xF8FF) && !between(c, 0x1F000, 0x1FAFF);
}

// Lower case of Latin, Greek and Cyrillic, and ordinary forms of full-width ones.
char32_t fold(char32_t c) {
  if (between(c, 0xFF01, 0xFF5E)) c -= 0xFEE0;
  if (between(c, 'A', 'Z') || (between(c, 0xC0, 0xDE) && c != 0xD7)) return c + 0x20;
  if (between(c, 0x100, 0x137) || between(c, 0x14A, 0x177)) return c | 1;
  if (between(c, 0x391, 0x3A9) || between(c, 0x410, 0x42F)) return c + 0x20;
  if (between(c, 0x400, 0x40F)) return c + 0x50;
  return c;
}

}  // namespace

std::vector<std::string> tokens(std::string_view utf8) {
  std::vector<std::string> found;
  std::string word;
  char32_t previous = 0;  // the last character of a run without spaces
  bool paired = false;    // it is already part of a pair
  const auto end_word = [&] {
    if (!word.empty()) found.push_back(word);
    word.clear();
  };
  const auto end_run = [&] {
    if (previous != 0 && !paired) append(previous, found.emplace_back());
    previous = 0;
    paired = false;
  };
  while (!utf8.empty()) {
    const char32_t c = fold(take(utf8));
    if (is_unspaced(c)) {
      end_word();
      if (previous != 0) {
        std::string& pair = found.emplace_back();
        append(previous, pair);
        append(c, pair);
        paired = true;
      }
      previous = c;
    } else {
      end_run();
      if (is_word(c)) {
        append(c, word);
      } else {
        end_word();
      }
    }
  }
  end_run();
  end_word();
  return found;
}

}  // namespace riffle::features
