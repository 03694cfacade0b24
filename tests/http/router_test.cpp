#include "http/router.h"

#include <gtest/gtest.h>

namespace riffle::http {
namespace {

HttpResponse ask(const Router& router, const std::string& method, const std::string& target) {
  HttpRequest request;
  request.method = method;
  EXPECT_TRUE(split_target(target, request));
  HttpResponse got;
  got.status = 0;
  router.dispatch(std::move(request), [&](HttpResponse response) { got = std::move(response); });
  return got;
}

Handler echo() {
  return answer_at_once([](const HttpRequest& request) {
    HttpResponse response;
    for (const auto& [name, value] : request.parameters) response.body += name + "=" + value + ";";
    for (const auto& [name, value] : request.query) response.body += name + "?" + value + ";";
    return response;
  });
}

TEST(Router, FindsRoutesByMethodAndSegments) {
  Router router;
  router.add("GET", "/v1/users/{id}/recommendations", echo());
  router.add("DELETE", "/v1/users/{id}", echo());
  router.add("GET", "/", echo());
  EXPECT_EQ(ask(router, "GET", "/v1/users/u1/recommendations").body, "id=u1;");
  EXPECT_EQ(ask(router, "DELETE", "/v1/users/u2").body, "id=u2;");
  EXPECT_EQ(ask(router, "GET", "/").status, 200);
  EXPECT_EQ(ask(router, "HEAD", "/").status, 200);
}

TEST(Router, DecodesParametersAfterSplittingThePath) {
  Router router;
  router.add("GET", "/users/{id}", echo());
  EXPECT_EQ(ask(router, "GET", "/users/a%2Fb%20c+d").body, "id=a/b c+d;");
  EXPECT_EQ(ask(router, "GET", "/users/%E4%B8%AD").body, "id=中;");
  EXPECT_EQ(ask(router, "GET", "/users/").status, 404);
  EXPECT_EQ(ask(router, "GET", "/users/%zz").status, 404);
}

TEST(Router, QueriesAreDecodedIntoNamesAndValues) {
  Router router;
  router.add("GET", "/q", echo());
  EXPECT_EQ(ask(router, "GET", "/q?a=1&b=x%26y+z&c&&d=").body, "a?1;b?x&y z;c?;d?;");
  HttpRequest request;
  EXPECT_FALSE(split_target("/q?a=%2", request));
}

TEST(Router, UnknownPathsAndOtherMethodsGetTheirErrors) {
  Router router;
  router.add("GET", "/metrics", echo());
  router.add("POST", "/metrics", echo());
  const HttpResponse missing = ask(router, "GET", "/nowhere\"");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.body, "{\"error\":{\"code\":\"not_found\",\"message\":\"nothing is at /nowhere\\\"\"}}\n");
  const HttpResponse wrong = ask(router, "PUT", "/metrics");
  EXPECT_EQ(wrong.status, 405);
  ASSERT_EQ(wrong.headers.size(), 1u);
  EXPECT_EQ(wrong.headers[0].first, "Allow");
  EXPECT_EQ(wrong.headers[0].second, "GET, HEAD, POST");
  EXPECT_EQ(ask(router, "GET", "/metrics/more").status, 404);
}

TEST(Router, AnswersAPathThatIsNoTextWithJsonAllTheSame) {
  EXPECT_EQ(ask(Router(), "GET", "/\xff").body,
            "{\"error\":{\"code\":\"not_found\",\"message\":\"nothing is at /\xEF\xBF\xBD\"}}\n");
}

}  // namespace
}  // namespace riffle::http
