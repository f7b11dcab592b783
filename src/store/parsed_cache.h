// SPDX-License-Identifier: Apache-2.0
//
// ParsedCache: values that were parsed from what never changes, so that an entry is never stale.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace ajwt::store {

// ParsedCache keeps at most `capacity` values and starts over when it is full. Safe for
// concurrent use.
template <class T>
class ParsedCache {
 public:
  explicit ParsedCache(std::size_t capacity) : capacity_(capacity) {}

  // find returns the value or null.
  std::shared_ptr<const T> find(const std::string& key) const {
    const std::lock_guard lock(mutex_);
    const auto found = values_.find(key);
    return found == values_.end() ? nullptr : found->second;
  }
  void add(std::string key, std::shared_ptr<const T> value) {
    const std::lock_guard lock(mutex_);
    if (values_.size() >= capacity_) values_.clear();
    values_.insert_or_assign(std::move(key), std::move(value));
  }

 private:
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<const T>> values_;
};

}  // namespace ajwt::store
