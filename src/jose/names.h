// SPDX-License-Identifier: Apache-2.0
//
// The words of JOSE: header parameters, JWK members, algorithm names. No such literal stands
// anywhere else in src/ below protocol.
#pragma once

#include <string_view>

namespace ajwt::jose::names {

// RFC 7515 4.1: header parameters.
inline constexpr std::string_view kAlg = "alg";
inline constexpr std::string_view kKid = "kid";
inline constexpr std::string_view kTyp = "typ";
inline constexpr std::string_view kCty = "cty";
inline constexpr std::string_view kCrit = "crit";
inline constexpr std::string_view kJwk = "jwk";
inline constexpr std::string_view kJku = "jku";
inline constexpr std::string_view kX5u = "x5u";
inline constexpr std::string_view kX5c = "x5c";
inline constexpr std::string_view kX5t = "x5t";
inline constexpr std::string_view kX5tS256 = "x5t#S256";
inline constexpr std::string_view kB64 = "b64";  // RFC 7797

// RFC 7517 4, RFC 7518 6, RFC 8037 2: JWK members.
inline constexpr std::string_view kKty = "kty";
inline constexpr std::string_view kUse = "use";
inline constexpr std::string_view kKeyOps = "key_ops";
inline constexpr std::string_view kCrv = "crv";
inline constexpr std::string_view kX = "x";
inline constexpr std::string_view kY = "y";
inline constexpr std::string_view kN = "n";
inline constexpr std::string_view kE = "e";
inline constexpr std::string_view kD = "d";
inline constexpr std::string_view kKeys = "keys";

// RFC 7518 6.3.2, 6.4.1: further members that only private and symmetric keys have.
inline constexpr std::string_view kP = "p";
inline constexpr std::string_view kQ = "q";
inline constexpr std::string_view kDp = "dp";
inline constexpr std::string_view kDq = "dq";
inline constexpr std::string_view kQi = "qi";
inline constexpr std::string_view kOth = "oth";
inline constexpr std::string_view kK = "k";

inline constexpr std::string_view kOkp = "OKP";
inline constexpr std::string_view kEc = "EC";
inline constexpr std::string_view kRsa = "RSA";
inline constexpr std::string_view kEd25519 = "Ed25519";
inline constexpr std::string_view kP256 = "P-256";
inline constexpr std::string_view kSig = "sig";
inline constexpr std::string_view kVerify = "verify";

// RFC 7518 3.1, RFC 8037 3.1: algorithms. RFC 9864's "Ed25519" is spelled like the curve above.
inline constexpr std::string_view kEdDsa = "EdDSA";
inline constexpr std::string_view kEs256 = "ES256";
inline constexpr std::string_view kRs256 = "RS256";
inline constexpr std::string_view kPs256 = "PS256";

}  // namespace ajwt::jose::names
