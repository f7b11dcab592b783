// SPDX-License-Identifier: Apache-2.0
#include "crypto/key_encoding.h"

#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <climits>
#include <memory>

namespace ajwt::crypto {
namespace {

using Spki = std::unique_ptr<X509_PUBKEY, Free<X509_PUBKEY_free>>;
using Pkcs8 = std::unique_ptr<PKCS8_PRIV_KEY_INFO, Free<PKCS8_PRIV_KEY_INFO_free>>;

// More than the largest key that is accepted has in any encoding.
constexpr std::size_t kLargestEncoding = 64 * 1024;

// The body of a PEM block, in the secure heap.
class PemBody {
 public:
  PemBody() = default;
  ~PemBody() {
    OPENSSL_secure_free(name_);
    OPENSSL_secure_free(header_);
    OPENSSL_secure_clear_free(data_, static_cast<std::size_t>(size_));
  }
  PemBody(const PemBody&) = delete;
  PemBody& operator=(const PemBody&) = delete;

  // Headers between label and body are of an older form, which says by them that it is encrypted.
  bool read(BIO* bio) {
    return PEM_read_bio_ex(bio, &name_, &header_, &data_, &size_,
                           PEM_FLAG_SECURE | PEM_FLAG_ONLY_B64) == 1 &&
           std::string_view(header_).empty();
  }
  ByteView view() const { return {data_, static_cast<std::size_t>(size_)}; }

 private:
  char* name_ = nullptr;
  char* header_ = nullptr;
  unsigned char* data_ = nullptr;
  long size_ = 0;
};

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// Refuses all but one block of this label. OpenSSL would skip what comes before the first block and
// ignore what comes after it: the file's owner could see another key than the one that is used.
Status check_single_block(std::string_view text, const std::string& label) {
  const std::string begin = "-----BEGIN " + label + "-----";
  const std::string end = "-----END " + label + "-----";
  if (text.size() > kLargestEncoding || !text.starts_with(begin) || !text.ends_with(end) ||
      text.find("-----BEGIN", 1) != std::string_view::npos) {
    return refuse(Code::k_jwk_malformed, "Expected one PEM block: " + label + ".");
  }
  return ok();
}

Status read_pem(std::string_view pem, const std::string& label, PemBody& body) {
  const auto text = trim(pem);
  AJWT_TRY(check_single_block(text, label));
  const Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  if (!bio) return crypto_failed("BIO_new_mem_buf");
  if (!body.read(bio.get())) return refuse(Code::k_jwk_malformed, "The PEM block is malformed.");
  return ok();
}

Error not_a_key() { return refuse(Code::k_jwk_malformed, "The DER encoding is malformed."); }
Error not_our_kind() {
  return refuse(Code::k_jwk_unsupported, "Expected an Ed25519, P-256 or RSA key.");
}

bool is_our_algorithm(const X509_PUBKEY* spki) {
  ASN1_OBJECT* algorithm = nullptr;
  if (X509_PUBKEY_get0_param(&algorithm, nullptr, nullptr, nullptr, spki) != 1) return false;
  const int id = OBJ_obj2nid(algorithm);
  return id == NID_ED25519 || id == NID_X9_62_id_ecPublicKey || id == NID_rsaEncryption;
}

// Returns a number of a key, big-endian, padded to `size` bytes (0: as short as it goes).
Result<Bytes> number_of(EVP_PKEY* key, const char* parameter, std::size_t size) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, parameter, &raw) != 1) return not_a_key();
  const Number number(raw);
  if (BN_is_negative(raw) != 0) return not_a_key();
  Bytes bytes(size == 0 ? static_cast<std::size_t>(BN_num_bytes(raw)) : size);
  if (BN_bn2binpad(raw, bytes.data(), static_cast<int>(bytes.size())) < 0) {
    return crypto_failed("BN_bn2binpad");
  }
  return bytes;
}

Result<PublicKey> ed25519_of(EVP_PKEY* key) {
  Bytes raw(32);
  std::size_t size = raw.size();
  if (EVP_PKEY_get_raw_public_key(key, raw.data(), &size) != 1) {
    return crypto_failed("EVP_PKEY_get_raw_public_key");
  }
  return PublicKey::ed25519(raw);
}

Result<PublicKey> p256_of(EVP_PKEY* key) {
  std::array<char, 64> group{};
  std::size_t size = 0;
  if (EVP_PKEY_get_group_name(key, group.data(), group.size(), &size) != 1 ||
      std::string_view(group.data(), size) != SN_X9_62_prime256v1) {
    return not_our_kind();
  }
  AJWT_ASSIGN(const Bytes x, number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, 32));
  AJWT_ASSIGN(const Bytes y, number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, 32));
  return PublicKey::p256(x, y);
}

Result<PublicKey> rsa_of(EVP_PKEY* key) {
  AJWT_ASSIGN(const Bytes n, number_of(key, OSSL_PKEY_PARAM_RSA_N, 0));
  AJWT_ASSIGN(const Bytes e, number_of(key, OSSL_PKEY_PARAM_RSA_E, 0));
  return PublicKey::rsa(n, e);
}

Result<std::string_view> written(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  if (size <= 0) return crypto_failed("BIO_get_mem_data");
  return std::string_view(data, static_cast<std::size_t>(size));
}

}  // namespace

Result<Pkey> read_spki(ByteView der) {
  AJWT_TRY(initialise());
  const ErrorScope errors;
  if (der.empty() || der.size() > kLargestEncoding) return not_a_key();
  const unsigned char* at = der.data();
  const Spki spki(d2i_X509_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (!spki || at != der.data() + der.size()) return not_a_key();
  if (!is_our_algorithm(spki.get())) return not_our_kind();
  Pkey key(X509_PUBKEY_get(spki.get()));
  if (!key) return not_a_key();
  return key;
}

Result<Pkey> read_spki_pem(std::string_view pem) {
  AJWT_TRY(initialise());
  const ErrorScope errors;
  PemBody body;
  AJWT_TRY(read_pem(pem, "PUBLIC KEY", body));
  return read_spki(body.view());
}

Result<Pkey> read_pkcs8_pem(std::string_view pem) {
  AJWT_TRY(initialise());
  const ErrorScope errors;
  PemBody body;
  AJWT_TRY(read_pem(pem, "PRIVATE KEY", body));
  const ByteView der = body.view();
  const unsigned char* at = der.data();
  const Pkcs8 info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size())));
  if (!info || at != der.data() + der.size()) return not_a_key();
  Pkey key(EVP_PKCS82PKEY(info.get()));
  if (!key) return not_a_key();
  return key;
}

Result<PublicKey> public_key_of(EVP_PKEY* key) {
  const ErrorScope errors;
  if (EVP_PKEY_is_a(key, SN_ED25519) == 1) return ed25519_of(key);
  if (EVP_PKEY_is_a(key, "EC") == 1) return p256_of(key);
  if (EVP_PKEY_is_a(key, "RSA") == 1) return rsa_of(key);
  return not_our_kind();
}

Result<std::string> write_spki_pem(EVP_PKEY* key) {
  const ErrorScope errors;
  const Bio bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_PUBKEY(bio.get(), key) != 1) {
    return crypto_failed("PEM_write_bio_PUBKEY");
  }
  AJWT_ASSIGN(const auto text, written(bio.get()));
  return std::string(text);
}

Result<Secret> write_pkcs8_pem(EVP_PKEY* key) {
  const ErrorScope errors;
  const Bio bio(BIO_new(BIO_s_secmem()));
  if (!bio ||
      PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return crypto_failed("PEM_write_bio_PKCS8PrivateKey");
  }
  AJWT_ASSIGN(const auto text, written(bio.get()));
  return Secret(std::string(text));
}

}  // namespace ajwt::crypto
