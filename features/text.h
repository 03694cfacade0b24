// Words of a text, for hashing: lower-cased runs of letters and digits; Chinese, Japanese and
// Korean, which put no spaces between words, by pairs of neighbouring characters (a lone one by
// itself). Full-width letters count as ordinary ones.
//
//   tokens("Rote Schuhe, 红色的鞋") = {"rote", "schuhe", "红色", "色的", "的鞋"}
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace riffle::features {

// Broken UTF-8 separates words, like a space.
std::vector<std::string> tokens(std::string_view utf8);

}  // namespace riffle::features
