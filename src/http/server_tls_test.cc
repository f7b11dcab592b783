// SPDX-License-Identifier: Apache-2.0

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "http/certificate.h"
#include "http/client.h"
#include "http/internal/test_peer.h"
#include "http/server.h"
#include "tests/support/matchers.h"

namespace ajwt::http {
namespace {

using ::testing::HasSubstr;
using testing::Peer;

// TestCertificate makes a self-signed certificate for 127.0.0.1 and its key, in a folder of its
// own.
class TestCertificate {
 public:
  TestCertificate() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ajwt-tls-XXXXXX").string();
    AJWT_CHECK(::mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    EVP_PKEY* const key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
    X509* const certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_NAME* const name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_set_pubkey(certificate, key);
    X509_EXTENSION* const names =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
    X509_add_ext(certificate, names, -1);
    X509_EXTENSION_free(names);
    AJWT_CHECK(X509_sign(certificate, key, EVP_sha256()) > 0);

    std::FILE* file = std::fopen(certificate_file().c_str(), "w");
    PEM_write_X509(file, certificate);
    std::fclose(file);
    file = std::fopen(key_file().c_str(), "w");
    PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  ~TestCertificate() { std::filesystem::remove_all(folder_); }
  TestCertificate(const TestCertificate&) = delete;

  std::string certificate_file() const { return folder_ + "/certificate.pem"; }
  std::string key_file() const { return folder_ + "/key.pem"; }
  std::string file_with(const std::string& text) const {
    const std::string path = folder_ + "/other.pem";
    std::ofstream(path) << text;
    return path;
  }

 private:
  std::string folder_;
};

class TlsServer : public ::testing::Test {
 protected:
  ServerOptions options() const {
    ServerOptions options;
    options.io_threads = 1;
    options.tls = TlsFiles{.certificate_chain = certificate_.certificate_file(),
                           .private_key = certificate_.key_file()};
    return options;
  }
  static HttpResponse hello(const HttpRequest& request) {
    return {.status = 200, .headers = {}, .body = "hello " + std::to_string(request.body.size())};
  }
  void start() {
    auto started = Server::start(options(), hello);
    ASSERT_THAT(started, IsOk());
    server_ = *std::move(started);
  }
  HttpCall call(std::size_t body_size = 0) const {
    return {.method = "POST",
            .url = "https://127.0.0.1:" + std::to_string(server_->port()) + "/",
            .headers = {},
            .body = std::string(body_size, 'x'),
            .timeout = Seconds(20)};
  }

  TestCertificate certificate_;
  std::unique_ptr<Server> server_;
};

// handshake tries to connect with versions up to `max_version` and returns the one agreed upon, or
// 0.
int handshake(std::uint16_t port, int max_version, const std::string& protocols = {}) {
  Peer peer = Peer::connect(port);
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_security_level(context, 0);
  SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context, max_version);
  SSL* const ssl = SSL_new(context);
  if (!protocols.empty())
    SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(protocols.data()),
                        static_cast<unsigned>(protocols.size()));
  SSL_set_fd(ssl, peer.fd());
  const int version = SSL_connect(ssl) == 1 ? SSL_version(ssl) : 0;
  SSL_free(ssl);
  SSL_CTX_free(context);
  return version;
}

TEST_F(TlsServer, AnswersClientsThatTrustItsCertificate) {
  start();
  CurlClient client({.ca_file = certificate_.certificate_file()});
  for (const std::size_t size : {0u, 1u, 200000u}) {
    const auto response = client.send(call(size));
    ASSERT_THAT(response, IsOk());
    EXPECT_EQ(response->body, "hello " + std::to_string(size));
  }
}

TEST_F(TlsServer, IsRefusedByClientsThatDoNotTrustItsCertificate) {
  start();
  CurlClient client;
  EXPECT_THAT(client.send(call()), RefusedWith(Code::k_network_failed));
}

TEST_F(TlsServer, ShowsItsCertificateToWhoTrustsIt) {
  start();
  const std::string url = call().url;
  const auto shown = inspect_certificate(url, certificate_.certificate_file());
  ASSERT_THAT(shown, IsOk());
  EXPECT_THAT(shown->subject, HasSubstr("test"));
  const Seconds left = shown->not_after - SystemClock().now();
  EXPECT_GT(left, Seconds(3000));
  EXPECT_LT(left, Seconds(3700));
  EXPECT_THAT(inspect_certificate(url, ""), RefusedWith(Code::k_network_failed));
}

TEST_F(TlsServer, IsRefusedUnderAnotherName) {
  start();
  CurlClient client({.ca_file = certificate_.certificate_file()});
  HttpCall by_name = call();
  by_name.url = "https://localhost:" + std::to_string(server_->port()) + "/";
  EXPECT_THAT(client.send(by_name), RefusedWith(Code::k_network_failed));
}

TEST_F(TlsServer, SpeaksTls12And13Alone) {
  start();
  EXPECT_EQ(handshake(server_->port(), TLS1_3_VERSION), TLS1_3_VERSION);
  EXPECT_EQ(handshake(server_->port(), TLS1_2_VERSION), TLS1_2_VERSION);
  EXPECT_EQ(handshake(server_->port(), TLS1_1_VERSION), 0);
}

TEST_F(TlsServer, RefusesClientsThatWantAnotherProtocol) {
  start();
  EXPECT_NE(handshake(server_->port(), TLS1_3_VERSION, "\x02h2\x08http/1.1"), 0);
  EXPECT_EQ(handshake(server_->port(), TLS1_3_VERSION, "\x02h2"), 0);
}

TEST_F(TlsServer, SurvivesPlainHttpAndSilence) {
  start();
  Peer plain = Peer::connect(server_->port());
  plain.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  plain.read_all();
  Peer silent = Peer::connect(server_->port());
  CurlClient client({.ca_file = certificate_.certificate_file()});
  EXPECT_THAT(client.send(call()), IsOk());
}

TEST_F(TlsServer, StopsWithOpenConnections) {
  start();
  CurlClient client({.ca_file = certificate_.certificate_file()});
  ASSERT_THAT(client.send(call()), IsOk());
  server_->stop();
  EXPECT_THAT(client.send(call()), RefusedWith(Code::k_network_failed));
}

TEST_F(TlsServer, NamesTheFileThatIsNone) {
  const auto refusal_of = [&](const std::string& certificate, const std::string& key) {
    ServerOptions bad = options();
    bad.tls = TlsFiles{.certificate_chain = certificate, .private_key = key};
    return Server::start(bad, hello);
  };
  const auto no_certificate = refusal_of("/nowhere/c.pem", certificate_.key_file());
  ASSERT_THAT(no_certificate, RefusedWith(Code::k_configuration_refused));
  EXPECT_THAT(no_certificate.error().message(), HasSubstr("/nowhere/c.pem"));

  const auto no_key = refusal_of(certificate_.certificate_file(), "/nowhere/k.pem");
  ASSERT_THAT(no_key, RefusedWith(Code::k_configuration_refused));
  EXPECT_THAT(no_key.error().message(), HasSubstr("/nowhere/k.pem"));

  const auto not_pem =
      refusal_of(certificate_.certificate_file(), certificate_.file_with("no key"));
  EXPECT_THAT(not_pem, RefusedWith(Code::k_configuration_refused));

  const TestCertificate other;
  const auto foreign_key = refusal_of(certificate_.certificate_file(), other.key_file());
  ASSERT_THAT(foreign_key, RefusedWith(Code::k_configuration_refused));
  EXPECT_THAT(foreign_key.error().message(), HasSubstr(other.key_file()));
}

}  // namespace
}  // namespace ajwt::http
