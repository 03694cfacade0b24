#include "learner/user_clusters.h"

#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "base/hash.h"
#include "base/rng.h"

namespace riffle::learner {
namespace {

using features::kUserFeatureCount;
using User = features::UserFeatures;

User user_at(float first, float second = 0) {
  User user{};
  user[0] = first;
  user[1] = second;
  return user;
}

// About `centre`, within ±.05 in every number.
User near(const User& centre, Rng& rng) {
  User user = centre;
  for (float& x : user) x += static_cast<float>(0.1 * rng.uniform() - 0.05);
  return user;
}

std::string saved(const UserClusters& clusters) {
  pb::UserClustersState state;
  clusters.save(state);
  return state.SerializeAsString();
}

TEST(UserClusters, ACentreIsTheMeanOfItsUsersAndThenFollowsThem) {
  UserClusters clusters(1, 1);
  EXPECT_TRUE(clusters.empty());
  clusters.learn(user_at(0));
  clusters.learn(user_at(0.5F));
  clusters.learn(user_at(1));
  EXPECT_DOUBLE_EQ(clusters.centre(0)[0], 0.5);    // 0 + ½/2 = ¼;  ¼ + ¾/3 = ½
  for (std::uint64_t i = 0; i < UserClusters::kMostWeight; ++i) clusters.learn(user_at(1));
  const double before = clusters.centre(0)[0];
  EXPECT_NEAR(before, 1, 0.01);
  clusters.learn(user_at(0));
  EXPECT_DOUBLE_EQ(clusters.centre(0)[0], before - before / static_cast<double>(UserClusters::kMostWeight));
}

TEST(UserClusters, AUserIsPutToTheNearestCentreTheLowerNumberOfEqualOnes) {
  UserClusters clusters(2, 1);
  pb::UserClustersState state;
  for (const float at : {-0.5F, 0.5F}) {
    pb::UserCluster& cluster = *state.add_clusters();
    const User centre = user_at(at);
    cluster.mutable_centre()->Add(centre.begin(), centre.end());
    cluster.set_weight(3);
    cluster.set_last(2);
  }
  state.set_met(6);
  ASSERT_TRUE(clusters.load(state).ok());
  EXPECT_EQ(clusters.nearest(user_at(-0.1F, 0.9F)), 0U);
  EXPECT_EQ(clusters.nearest(user_at(0.1F)), 1U);
  EXPECT_EQ(clusters.nearest(user_at(0)), 0U);
}

// Keeps every user and works everything out anew.
class NaiveClusters {
 public:
  NaiveClusters(std::size_t count, std::uint64_t seed) : seed_(seed), members_(count), generation_(count), last_(count) {}

  std::string learn(const User& user) {
    ++met_;
    std::size_t nearest = members_.size();
    double smallest = std::numeric_limits<double>::infinity();
    for (std::size_t j = 0; j < members_.size(); ++j) {
      if (members_[j].empty()) continue;
      const std::vector<double> middle = centre(j);
      double square = 0;
      for (std::size_t i = 0; i < kUserFeatureCount; ++i) square += (user[i] - middle[i]) * (user[i] - middle[i]);
      if (square < smallest - 1e-12) smallest = square, nearest = j;
    }
    std::size_t place = members_.size();
    if (nearest == members_.size()) {
      place = 0;
    } else {
      mean_ += (smallest - mean_) / static_cast<double>(std::min<std::uint64_t>(met_, UserClusters::kMeanOver));
      for (std::size_t j = members_.size(); j-- > 0;)
        if (j != nearest && !members_[j].empty() && met_ - last_[j] > UserClusters::kPatience * members_.size()) place = j;
      for (std::size_t j = members_.size(); j-- > 0;)
        if (members_[j].empty()) place = j;
      const double u = static_cast<double>(stable_hash(absl::StrCat(met_), seed_) >> 11) * 0x1.0p-53;
      if (!(u * UserClusters::kReluctance * mean_ < smallest)) place = members_.size();
    }
    if (place < members_.size()) {
      generation_[place] += members_[place].empty() ? 0 : 1;
      members_[place].clear();
      nearest = place;
    }
    members_[nearest].push_back(user);
    last_[nearest] = met_;
    return absl::StrCat("cluster-", nearest, ".", generation_[nearest]);
  }

  std::vector<double> centre(std::size_t j) const {
    std::vector<double> mean(kUserFeatureCount);
    for (const User& user : members_[j])
      for (std::size_t i = 0; i < kUserFeatureCount; ++i) mean[i] += user[i] / static_cast<double>(members_[j].size());
    return mean;
  }
  std::size_t begun_anew() const {
    std::size_t sum = 0;
    for (const std::size_t generation : generation_) sum += generation;
    return sum;
  }

 private:
  std::uint64_t seed_, met_ = 0;
  double mean_ = 0;
  std::vector<std::vector<User>> members_;
  std::vector<std::size_t> generation_;
  std::vector<std::uint64_t> last_;
};

TEST(UserClusters, AreThoseOfANaiveOneThatKeepsEveryUser) {
  std::size_t begun_anew = 0;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    Rng rng(seed);
    UserClusters clusters(5, seed);
    NaiveClusters naive(5, seed);
    for (int i = 0; i < 1800; ++i) {
      // Groups that come and go, so that places become free; under kMostWeight a cluster.
      const User user = near(user_at(static_cast<float>(rng.below(3)) * 0.3F + (i / 900 != 0 ? -0.9F : 0.3F),
                                     static_cast<float>(rng.below(2)) * 0.4F), rng);
      const auto gone = clusters.learn(user);
      const std::string place = naive.learn(user);
      ASSERT_EQ(clusters.name(clusters.nearest(user)), place) << i;
      if (gone) {
        EXPECT_EQ(gone->substr(0, 9), place.substr(0, 9)) << "the place is the same, its generation the next";
      }
    }
    for (std::size_t j = 0; j < 5; ++j) {
      if (!clusters.has(j)) continue;
      const std::vector<double> mean = naive.centre(j);
      for (std::size_t i = 0; i < kUserFeatureCount; ++i) ASSERT_NEAR(clusters.centre(j)[i], mean[i], 1e-9);
    }
    begun_anew += naive.begun_anew();
  }
  EXPECT_GT(begun_anew, 0U) << "no place became free: the test is about less than it says";
}

// Twice as many clusters as groups: with as many, two may begin in one group, as with k-means++.
TEST(UserClusters, GroupsFarApartShareNoCluster) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    Rng rng(seed);
    const User groups[] = {user_at(-0.8F), user_at(0.8F), user_at(0, 0.8F), user_at(0, -0.8F)};
    UserClusters clusters(8, seed);
    for (int i = 0; i < 500; ++i) clusters.learn(near(groups[rng.below(4)], rng));
    std::map<std::size_t, std::size_t> group_of;   // by cluster
    for (std::size_t group = 0; group < 4; ++group)
      for (int i = 0; i < 50; ++i)
        EXPECT_EQ(group_of.try_emplace(clusters.nearest(near(groups[group], rng)), group).first->second, group);
  }
}

TEST(UserClusters, OneThatNobodyIsPutIntoBeginsAnewUnderAnotherName) {
  Rng rng(3);
  UserClusters clusters(2, 3);
  const User left = user_at(-0.8F), right = user_at(0.8F), above = user_at(-0.8F, 0.6F);
  for (int i = 0; i < 100; ++i) clusters.learn(near(i % 2 == 0 ? left : right, rng));
  const std::string name = clusters.name(clusters.nearest(right));
  ASSERT_NE(name, clusters.name(clusters.nearest(left)));
  EXPECT_TRUE(UserClusters::is_name(name));
  EXPECT_FALSE(UserClusters::is_name("light|1f2e3d4c"));
  std::vector<std::string> gone;
  for (int i = 0; i < 400; ++i)   // the right ones stay away
    if (const auto one = clusters.learn(near(i % 2 == 0 ? left : above, rng))) gone.push_back(*one);
  ASSERT_EQ(gone.size(), 1U);
  EXPECT_EQ(gone[0], name);
  const std::string anew = clusters.name(clusters.nearest(above));
  EXPECT_NE(anew, clusters.name(clusters.nearest(left)));
  EXPECT_EQ(name.substr(0, 9) + ".1", clusters.name(name[8] == '0' ? 0 : 1));
}

TEST(UserClusters, SavingLoadingAndGoingOnIsBitEqualToNotStoppingAndASeedDecides) {
  Rng rng(5);
  UserClusters straight(6, 2), resumed(6, 2), other(6, 3);
  for (int i = 0; i < 3000; ++i) {
    const User user = near(user_at(static_cast<float>(rng.below(4)) * 0.3F, i > 1500 ? 0.5F : -0.5F), rng);
    straight.learn(user);
    other.learn(user);
    resumed.learn(user);
    if (i % 97 != 0) continue;
    pb::UserClustersState state;
    resumed.save(state);
    UserClusters again(6, 2);
    ASSERT_TRUE(again.load(state).ok());
    resumed = again;
  }
  EXPECT_TRUE(saved(straight) == saved(resumed));
  EXPECT_FALSE(saved(straight) == saved(other));
}

TEST(UserClusters, UsersThatCannotBeAreNoUsers) {
  EXPECT_TRUE(is_sound_user(user_at(-1, 1)));
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 1e30F, -1.01F})
    EXPECT_FALSE(is_sound_user(user_at(0, bad))) << bad;
  EXPECT_FALSE(is_sound_user({}));
  const User user{};
  EXPECT_FALSE(is_sound_user(std::span(user).first(kUserFeatureCount - 1)));
}

TEST(UserClusters, AStateThatCannotBeIsRefusedAndNothingChanges) {
  UserClusters clusters(3, 1);
  Rng rng(1);
  for (int i = 0; i < 50; ++i) clusters.learn(near(user_at(i % 2 == 0 ? 0.5F : -0.5F), rng));
  const std::string before = saved(clusters);
  const auto refused = [&](const std::function<void(pb::UserClustersState&)>& spoil) {
    pb::UserClustersState state;
    clusters.save(state);
    spoil(state);
    return !clusters.load(state).ok() && saved(clusters) == before;
  };
  EXPECT_TRUE(refused([](auto& state) { state.mutable_clusters(0)->set_centre(1, std::nan("")); }));
  EXPECT_TRUE(refused([](auto& state) { state.mutable_clusters(0)->set_centre(1, 1e30); }));
  EXPECT_TRUE(refused([](auto& state) { state.mutable_clusters(0)->add_centre(0); }));
  EXPECT_TRUE(refused([](auto& state) { state.mutable_clusters(0)->set_weight(0); }));
  EXPECT_TRUE(refused([](auto& state) { state.mutable_clusters(0)->set_last(1000); }));
  EXPECT_TRUE(refused([](auto& state) { state.set_mean_square(std::numeric_limits<double>::infinity()); }));
  EXPECT_TRUE(refused([](auto& state) { state.set_met(0); }));
  EXPECT_TRUE(refused([](auto& state) { state.clear_clusters(); }));
  EXPECT_FALSE(refused([](auto&) {}));
}

}  // namespace
}  // namespace riffle::learner
