// SPDX-License-Identifier: Apache-2.0
//
// Asio under the names that this folder uses. Only the few .cc files that do I/O may include this
// header or one that includes it: each costs the compiler dearly.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

namespace ajwt::http::internal {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;

// The executor's concrete type, not any_io_executor: it saves a fifth of the work per request.
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<Tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<Tcp, Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;
using UseAwaitable = asio::use_awaitable_t<Executor>;

// Task is a coroutine on an I/O thread.
template <class T>
using Task = asio::awaitable<T, Executor>;

// kAwait makes an operation return its error code instead of throwing it.
inline constexpr asio::as_tuple_t<UseAwaitable> kAwait{};

}  // namespace ajwt::http::internal
