// SPDX-License-Identifier: Apache-2.0
//
// Result and Status: how every function that can refuse or fail says so. Nothing throws across a
// folder of src/.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "base/reason.h"

namespace ajwt {

// Error is a reason with what is particular about this case.
//
// `message` is shown to the caller and so names only what the caller itself sent or asked for
// (a parameter, a claim, a step): never a secret, a token, a prompt or another tenant's facts.
// `detail` is for our own log alone, under the same rule about secrets. `items` carries the list
// that some reasons have on the wire (`missing_steps`, the scopes a route needs).
class Error {
 public:
  explicit Error(Code code, std::string message = {}) : code_(code), message_(std::move(message)) {}

  Error&& with_detail(std::string detail) && {
    detail_ = std::move(detail);
    return std::move(*this);
  }
  Error&& with_items(std::vector<std::string> items) && {
    items_ = std::move(items);
    return std::move(*this);
  }

  Code code() const { return code_; }
  const Reason& reason() const { return reason_of(code_); }
  const std::string& message() const { return message_; }
  const std::string& detail() const { return detail_; }
  const std::vector<std::string>& items() const { return items_; }

  // describe returns the reason's sentence followed by the message, if any: the wire's
  // `error_description`.
  std::string describe() const;

  friend bool operator==(const Error&, const Error&) = default;

 private:
  Code code_;
  std::string message_;
  std::string detail_;
  std::vector<std::string> items_;
};

// Result holds a T or the Error that kept it from being made. It has no default value: nothing
// can be mistaken for a decision that was not taken.
template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
  using Base = tl::expected<T, Error>;

 public:
  Result() = delete;
  using Base::Base;
  // NOLINTNEXTLINE(google-explicit-constructor): a refusal is returned as is
  Result(Error error) : Base(tl::unexpect, std::move(error)) {}
  // NOLINTNEXTLINE(google-explicit-constructor): what monadic functions of Base return
  Result(Base base) : Base(std::move(base)) {}
};

using Status = Result<void>;

// ok returns the Status that says yes.
inline Status ok() { return Status(tl::expected<void, Error>()); }

// refuse makes an Error; the name reads well at the point of refusal.
inline Error refuse(Code code, std::string message = {}) { return Error(code, std::move(message)); }

}  // namespace ajwt

#define AJWT_CONCAT_INNER(a, b) a##b
#define AJWT_CONCAT(a, b) AJWT_CONCAT_INNER(a, b)

// AJWT_TRY(expr): returns expr's Error from the enclosing function, if it has one.
#define AJWT_TRY(...)                                                                          \
  do {                                                                                         \
    if (auto ajwt_status = (__VA_ARGS__); !ajwt_status) return std::move(ajwt_status).error(); \
  } while (false)

// AJWT_ASSIGN(declaration, expr): `declaration` gets expr's value, or the enclosing function
// returns expr's Error.
#define AJWT_ASSIGN(declaration, ...)                              \
  auto AJWT_CONCAT(ajwt_result_, __LINE__) = (__VA_ARGS__);        \
  if (!AJWT_CONCAT(ajwt_result_, __LINE__))                        \
    return std::move(AJWT_CONCAT(ajwt_result_, __LINE__)).error(); \
  declaration = *std::move(AJWT_CONCAT(ajwt_result_, __LINE__))
